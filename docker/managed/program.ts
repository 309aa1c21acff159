/**
 * Runs a program to its end, and finds programs.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";

/** Where the machine's own programs are, whatever the caller's PATH says. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface ProgramOptions {
  readonly signal: AbortSignal;
  /** The whole environment of the program; without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whom to run it as; only root may choose. */
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.trim() ?? "";

/**
 * Resolves to what the program wrote to its standard output.
 *
 * @throws StressError("environment") when it is missing or fails, with the last line it wrote to standard error
 */
export const runProgram = async (
  program: string,
  args: readonly string[],
  { signal, env, account, cwd }: ProgramOptions,
): Promise<string> => {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    signal,
    stdio: ["ignore", "pipe", "pipe"],
    ...(env === undefined ? {} : { env }),
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (complaints += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new StressError("environment", `Cannot run ${program}`, { cause });
  });
  if (code === 0) return output;
  throw new StressError(
    "environment",
    `${[program, ...args].join(" ").slice(0, 200)} failed: ${lastLine(complaints) || `exit code ${String(code)}`}`,
    { cause: new Error(complaints.trim()) },
  );
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
