/**
 * Runs a program to its end, and finds programs.
 */
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { StressError, unreachable } from "../../harness/core/errors.ts";
import { runChild } from "../child-process.ts";

/** Where the machine's own programs are, whatever the caller's PATH says. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Programs that build or install something from packages: half an hour, for emulated and for slow machines. */
export const BUILD_MS = 1_800_000;

/** For all others, in milliseconds: they print or change one thing. */
const USUAL_MS = 120_000;

/** A table of ten thousand firewall rules has two. */
const USUAL_OUTPUT_MIB = 16;

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5000;

export interface ProgramOptions {
  readonly signal: AbortSignal;
  /** In milliseconds; without it, two minutes. */
  readonly deadlineMs?: number;
  /** The most that it may write to either output, in MiB; without it, 16. */
  readonly outputMib?: number;
  /** Between SIGTERM and SIGKILL, in milliseconds; without it, five seconds. */
  readonly graceMs?: number;
  /** The whole environment of the program; without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whom to run it as; only root may choose. */
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.trim() ?? "";

/**
 * Resolves to what the program wrote to its standard output. When the signal aborts, it ends, and with it all that it
 * has started.
 *
 * @throws StressError("environment") when it is missing, fails (with the last line it wrote to standard error), does
 * not end in time or writes too much; the signal's reason when that aborts
 */
export const runProgram = async (
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> => {
  const { signal, deadlineMs = USUAL_MS, outputMib = USUAL_OUTPUT_MIB } = options;
  signal.throwIfAborted();
  const { end, stdout, stderr } = await runChild(program, args, {
    ...{ graceMs: GRACE_MS, ...options, deadlineMs },
    outputLimit: outputMib * 1024 * 1024,
  });
  const fail = (what: string, cause: unknown = new Error(stderr.trim())): never => {
    const command = [program, ...args].join(" ").slice(0, 200);
    throw new StressError("environment", `${command} ${what}`, { cause });
  };
  switch (end.kind) {
    case "exited":
      if (end.code === 0) return stdout;
      return fail(`failed: ${lastLine(stderr) || `exit code ${String(end.code)}`}`);
    case "killed":
      return fail(`failed: ${lastLine(stderr) || `ended by ${end.by}`}`);
    case "ended":
      signal.throwIfAborted();
      return end.why === "late"
        ? fail(`did not end within ${String(deadlineMs / 1000)} s`)
        : fail(`wrote more than ${String(outputMib)} MiB`);
    case "not-started":
      throw new StressError("environment", `Cannot run ${program}`, { cause: end.cause });
    default:
      return unreachable(end);
  }
};

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** The first program of that name in a list of directories written like PATH; null when there is none. */
export const findProgram = (name: string, path: string): string | null =>
  path
    .split(":")
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => join(directory, name))
    .find(isProgram) ?? null;
