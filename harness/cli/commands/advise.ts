import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emittedFile, type EmittedFile } from "../../../reports/emitted.ts";
import { emission, EMITTED, type Emitted } from "../../core/emission.ts";
import { EXIT, messageOf, StressError } from "../../core/errors.ts";
import { recordedRun, type RecordedRunOptions } from "../recorded-run.ts";
import type { Shell } from "../shell.ts";

export interface AdviseOptions extends RecordedRunOptions {
  /** None: what the run supports is listed, and nothing is written. */
  readonly emit: readonly Emitted[];
  /** Where files go; null: the one that there is, to stdout. */
  readonly directory: string | null;
}

const write = (directory: string, file: EmittedFile, { say }: Pick<Shell, "say">): void => {
  const put = (name: string, text: string): void => {
    const path = join(directory, name);
    try {
      mkdirSync(directory, { recursive: true });
      // What is there may be somebody's own, and in use.
      writeFileSync(path, text, { flag: "wx" });
    } catch (cause) {
      const words = `cannot write ${path}: ${messageOf(cause)}; name another directory`;
      throw new StressError("output", words, { cause });
    }
    say(`wrote ${path}`);
  };
  put(file.name, file.text);
  // JSON has no comments, and the daemon refuses keys that it does not know.
  if (!file.commented) put(`${file.name}.why`, file.about.map((line) => `${line}\n`).join(""));
};

const give = (
  { directory }: AdviseOptions,
  file: EmittedFile,
  shell: Pick<Shell, "say" | "print">,
): void => {
  if (directory !== null) {
    write(directory, file, shell);
    return;
  }
  shell.print(file.text);
  if (!file.commented) for (const line of file.about) shell.say(line);
};

/**
 * `stress advise RUN`: the files of settings that a run supports. What it does not is refused with a line, and the
 * exit code is then that of too little data.
 *
 * @throws StressError("usage") for a run that there is not, StressError("output") for a file that cannot be written
 */
export const adviseCommand = (
  options: AdviseOptions,
  shell: Pick<Shell, "say" | "print">,
): number => {
  const run = recordedRun(options);
  const id = run.started.run;
  if (options.emit.length === 0) {
    for (const emitted of EMITTED) {
      const found = emission(run, emitted);
      const words =
        found.kind === "unsupported"
          ? `not supported: ${found.why}`
          : `supported by ${found.support.arm} against ${found.support.baseline}: --emit ${emitted}`;
      shell.print(`${emitted.padEnd(12)} ${words}\n`);
    }
    return EXIT.holds;
  }
  let code: number = EXIT.holds;
  for (const emitted of options.emit) {
    const found = emission(run, emitted);
    if (found.kind === "unsupported") {
      shell.say(`run ${id} does not support ${emitted}: ${found.why}`);
      code = EXIT.unknown;
    } else {
      give(options, emittedFile(found), shell);
    }
  }
  return code;
};
