#!/usr/bin/env node
/**
 * The process: argv, signals, streams, exit code. Everything else is called from here and returns.
 */
import picocolors from "picocolors";
import { checkedStateDir, defaultStateDir } from "../../docker/managed/state-directory.ts";
import { EXIT, messageOf, StressError } from "../core/errors.ts";
import { readCommandLine } from "./command-line/read.ts";
import { keepHeapSmall } from "./heap.ts";
import { createNarrator } from "./narrator.ts";
import type { Paint } from "../../reports/paint.ts";

const { createColors, isColorSupported } = picocolors;

const SIGNAL_EXIT = { SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm, SIGHUP: 129 } as const;

/** The first signal ends the run in order; the second ends the process, and cleanup is left to `stress clean`. */
const onSignals = (controller: AbortController) => {
  let first: number | null = null;
  for (const [name, code] of Object.entries(SIGNAL_EXIT)) {
    process.on(name, () => {
      if (first !== null) {
        process.stderr.write("stress: stopped at once; `stress clean` removes what is left\n");
        process.exit(code);
      }
      first = code;
      process.stderr.write(`\nstress: ${name}: stopping and cleaning up; again to stop at once\n`);
      controller.abort(new Error(`cancelled by ${name}`));
    });
  }
  return { interruptedBy: () => first };
};

/** Everything an error has to say, one line each: causes and collected errors are indented below it. */
const explain = (error: unknown, depth = 0): string => {
  const indent = "  ".repeat(depth);
  const line = `${indent}${depth === 0 ? "stress: " : ""}${messageOf(error)}\n`;
  if (error instanceof AggregateError) {
    return line + error.errors.map((each) => explain(each, depth + 1)).join("");
  }
  if (error instanceof Error && "suppressed" in error && "error" in error) {
    return explain(error.error, depth) + explain(error.suppressed, depth + 1);
  }
  return line;
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
    process.stderr.write(`${error.stack ?? String(error)}\nstress: this is a bug in stress\n`);
    overruled.code = EXIT.internal;
    controller.abort(error);
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
      print: (text) => {
        process.stdout.write(text);
      },
      paint: paintFor(process.stdout),
    });
  } catch (error) {
    const interrupted = interruptedBy();
    process.stderr.write(explain(error));
    if (error instanceof StressError) return interrupted ?? error.exitCode;
    if (interrupted !== null) return interrupted;
    process.stderr.write(error instanceof Error ? `${error.stack ?? ""}\n` : "");
    process.stderr.write(
      "stress: this is a bug in stress; please report it with the lines above\n",
    );
    return EXIT.internal;
  }
};

/** What makes the verdict's exit code untrue, whatever the command returned. */
const overruled: { code: number | null } = { code: null };

/** A reader that went away must not end the process before it has cleaned up, nor look like a verdict. */
const surviveClosedStreams = (): void => {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", () => {
    overruled.code ??= EXIT.environment;
    process.exitCode = overruled.code;
  });
};

keepHeapSmall();
surviveClosedStreams();
const code = await main(process.argv.slice(2));
process.exitCode = overruled.code ?? code;
