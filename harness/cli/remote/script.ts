/**
 * What a machine is asked to do over ssh: one line for its shell, whichever that is.
 */
import { StressError } from "../../core/errors.ts";
import { shellWord, shellWords } from "../../core/shell-words.ts";

/** What stderr says once, before the run: where it is kept until it was fetched and judged. */
export const KEPT_IN = "rootless-stress-remote: ";

/** Sent every so often for as long as anybody waits for the run. */
export const HEARTBEAT = { byte: ".", everyMs: 60_000 } as const;
/** Without one for so long the other side ends the run: whoever started it is gone. */
const PATIENCE_SECONDS = 240;

/** How its own shell told that there is no such program. */
export const NOT_FOUND = 127;

/** Nothing that a shell of another kind could take for something else. */
const checked = (what: string, words: readonly string[]): readonly string[] => {
  const odd = words.find((word) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(word));
  if (odd === undefined) return words;
  throw new StressError("usage", `${what} ${JSON.stringify(odd)} has characters that do not print`);
};

const forShell = (script: string): string => `sh -c ${shellWord(script)}`;

/** @param command - what starts the program there; a piece of shell, as the user wrote it */
export const versionScript = (command: string): string =>
  forShell(`${checked("--command", [command]).join("")} --version </dev/null`);

/**
 * Runs the command in a session of its own, so that all of it can be ended at once; sends what it left as a
 * compressed tar archive to stdout. What goes to stderr is the run's narration. What was sent stays there until the
 * other side says that it has it: `removalScript`.
 *
 * Standard input is the other side's sign of life: at its end, or when it has been silent for too long, the run is
 * ended as by Ctrl-C, which has it clean up.
 */
export const runScript = (command: string, args: readonly string[]): string => {
  const [program = ""] = checked("--command", [command]);
  const words = shellWords(checked("the argument", args));
  return forShell(
    [
      `dir=$(mktemp -d "\${TMPDIR:-/tmp}/rootless-stress-remote.XXXXXXXX") || exit 73`,
      `echo "${KEPT_IN}$dir" >&2`,
      // A command in the background has no standard input, so the watch is given this one.
      `exec 3<&0 </dev/null`,
      `setsid ${program} ${words} --out "$dir" >/dev/null 3<&- & run=$!`,
      // Before it has a session of its own it is not yet a group, and is a process that can be ended.
      `(while [ -n "$(timeout ${String(PATIENCE_SECONDS)} head -c 1 <&3)" ]; do :; done; kill -s TERM -- "-$run" || kill -s TERM "$run") >/dev/null 2>&1 & watch=$!`,
      `wait "$run"; code=$?`,
      // What is left of its session holds this one's stderr: the other side would wait for it.
      `kill -s KILL -- "-$run" 2>/dev/null`,
      `kill "$watch" 2>/dev/null`,
      `rm -f "$dir/latest"`,
      `tar -C "$dir" -czf - .`,
      // Goes only where there is nothing in it.
      `rmdir "$dir" 2>/dev/null`,
      `exit "$code"`,
    ].join("; "),
  );
};

const KEPT_DIRECTORY = /^\/(?:[^/\p{C}]+\/)*rootless-stress-remote\.[A-Za-z0-9]{8}$/u;

/**
 * Removes the directory that a host said it keeps a run in. Null for one that `runScript` does not make: the words
 * come from the other side.
 */
export const removalScript = (kept: string): string | null =>
  KEPT_DIRECTORY.test(kept) && !kept.split("/").includes("..")
    ? forShell(`rm -rf ${shellWord(kept)} </dev/null`)
    : null;
