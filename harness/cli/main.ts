/**
 * The process: argv, signals, streams, exit code. Everything else is called from here and returns.
 */
import picocolors from "picocolors";
import { checkedStateDir, defaultStateDir } from "../../docker/managed/state-directory.ts";
import { EXIT, messageOf, StressError } from "../core/errors.ts";
import { readCommandLine } from "./command-line/read.ts";
import { keepHeapSmall } from "./heap.ts";
import { createNarrator } from "./narrator.ts";
import { print, stderr } from "./streams.ts";
import type { Paint } from "../../reports/paint.ts";

const { createColors, isColorSupported } = picocolors;

const SIGNAL_EXIT = { SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm, SIGHUP: 129 } as const;

/** The first signal ends the run in order; the second ends the process, and cleanup is left to `stress clean`. */
const onSignals = (controller: AbortController) => {
  let first: number | null = null;
  for (const [name, code] of Object.entries(SIGNAL_EXIT)) {
    process.on(name, () => {
      if (first !== null) {
        stderr.line("stress: stopped at once; `stress clean` removes what is left");
        process.exit(code);
      }
      first = code;
      stderr.line("");
      stderr.line(`stress: ${name}: stopping and cleaning up; again to stop at once`);
      controller.abort(new Error(`cancelled by ${name}`));
    });
  }
  return { interruptedBy: () => first };
};

/** Everything an error has to say, one line each: causes and collected errors are indented below it. */
const explain = (error: unknown, depth = 0): readonly string[] => {
  const indent = "  ".repeat(depth);
  const line = `${indent}${depth === 0 ? "stress: " : ""}${messageOf(error)}`;
  if (error instanceof AggregateError) {
    return [line, ...error.errors.flatMap((each) => explain(each, depth + 1))];
  }
  if (error instanceof Error && "suppressed" in error && "error" in error) {
    return [...explain(error.error, depth), ...explain(error.suppressed, depth + 1)];
  }
  return [line];
};

/** Where a bug was thrown. */
const writeStack = (error: unknown): void => {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of stack.split("\n")) stderr.line(line);
};

/** Colours where a terminal shows them: picocolors knows NO_COLOR, FORCE_COLOR, CI and dumb terminals. */
const paintFor = ({ isTTY }: { readonly isTTY?: boolean }): Paint => {
  const forced = process.env["FORCE_COLOR"] !== undefined;
  const { green, red, dim, bold } = createColors(isColorSupported && (isTTY === true || forced));
  return { good: green, bad: red, dim, bold };
};

/** @returns the exit code */
const main = async (argv: readonly string[]): Promise<number> => {
  const controller = new AbortController();
  const { interruptedBy } = onSignals(controller);
  // Thrown where nobody waits: everything is taken down in order, and then it is still a bug.
  process.on("uncaughtException", (error) => {
    writeStack(error);
    stderr.line("stress: this is a bug in stress");
    overruled.code = EXIT.internal;
    controller.abort(error);
  });
  // Nothing is left to wait for, and yet this has not returned: what can be taken down is, and it is a bug too.
  process.once("beforeExit", () => {
    if (overruled.ended) return;
    stderr.line(
      "stress: stopped before its end, since an answer never came; this is a bug in stress",
    );
    overruled.code = EXIT.internal;
    process.exitCode = EXIT.internal;
    controller.abort(new Error("an answer never came"));
  });
  try {
    const { command, stateDir, logLevel, logFormat } = await readCommandLine(argv, process.env);
    const narrator = createNarrator({
      stderr: process.stderr,
      level: logLevel,
      format: logFormat,
    });
    return await command.perform({
      argv,
      environment: process.env,
      stateDir:
        stateDir === null
          ? defaultStateDir(process.env, process.geteuid?.() ?? -1)
          : checkedStateDir(stateDir, "--state-dir"),
      signal: controller.signal,
      cancel: (reason) => {
        controller.abort(reason);
      },
      interruptedBy,
      narrator,
      say: narrator.say,
      print,
      paint: paintFor(process.stdout),
    });
  } catch (error) {
    const interrupted = interruptedBy();
    for (const line of explain(error)) stderr.line(line);
    if (error instanceof StressError) return interrupted ?? error.exitCode;
    if (interrupted !== null) return interrupted;
    writeStack(error);
    stderr.line("stress: this is a bug in stress; please report it with the lines above");
    return EXIT.internal;
  }
};

/** What makes the verdict's exit code untrue, whatever the command returned. */
const overruled: { code: number | null; ended: boolean } = { code: null, ended: false };

const isGone = (error: Error): boolean => "code" in error && error.code === "EPIPE";

/** A reader that leaves changes no verdict; a report that could not be written does. */
const surviveClosedStreams = (): void => {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: Error) => {
    if (isGone(error)) return;
    overruled.code ??= EXIT.environment;
    process.exitCode = overruled.code;
  });
};

/** Runs the command of this process and leaves its exit code. */
export const start = async (): Promise<void> => {
  keepHeapSmall();
  surviveClosedStreams();
  const code = await main(process.argv.slice(2));
  overruled.ended = true;
  process.exitCode = overruled.code ?? code;
};
