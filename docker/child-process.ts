/**
 * How a child process ends: in time, with everything that it started, whatever it does about signals and pipes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";

/**
 * For the system to end what was killed, in milliseconds. After that nothing waits for it: it may hang in the kernel,
 * or belong to another user.
 */
const KILLED_MS = 2000;

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** A group outlives its first process under that process's number; a process that has the number now is another. */
const isOwnGroup = (child: ChildProcess, pid: number): boolean =>
  !hasExited(child) || !existsSync(`/proc/${String(pid)}`);

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  const { pid } = child;
  if (pid === undefined || !isOwnGroup(child, pid)) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended in the meantime.
  }
};

const letGoOf = (child: ChildProcess): void => {
  for (const stream of child.stdio) stream?.destroy();
};

/**
 * Ends a child that was started `detached`, and its process group with it. A process that has left the group is not
 * waited for, even if it holds the pipes.
 *
 * @param graceMs - between asking it to end and SIGKILL; 0 for SIGKILL at once
 * @param ask - how it is asked: with SIGTERM, or by the end of its standard input
 * @returns when it has exited, or cannot be ended
 */
export const endChild = async (
  child: ChildProcess,
  graceMs: number,
  ask: "SIGTERM" | "end-of-input" = "SIGTERM",
): Promise<void> => {
  const exited = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (hasExited(child) || child.pid === undefined || ms === 0) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        child.off("exit", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      child.once("exit", done);
    });
  if (ask === "end-of-input") child.stdin?.end();
  else if (graceMs > 0) signalGroup(child, ask);
  await exited(graceMs);
  signalGroup(child, "SIGKILL");
  await exited(KILLED_MS);
  letGoOf(child);
  child.unref();
};

export interface ChildOptions {
  readonly signal: AbortSignal;
  /** From its start, in milliseconds; `null` where the signal has the deadline. */
  readonly deadlineMs: number | null;
  /** The most that it may write to either output, in bytes. */
  readonly outputLimit: number;
  /** Between SIGTERM and SIGKILL, in milliseconds; 0 for SIGKILL at once. */
  readonly graceMs: number;
  /** What it reads from its standard input; without it, nothing. */
  readonly stdin?: string;
  /** Its whole environment; without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The user to run it as; only root may choose. */
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
}

export type ChildEnd =
  | { readonly kind: "exited"; readonly code: number }
  /** By a signal that did not come from here. */
  | { readonly kind: "killed"; readonly by: string }
  /** It was ended from here. */
  | { readonly kind: "ended"; readonly why: "aborted" | "late" | "too-much-output" }
  | { readonly kind: "not-started"; readonly cause: Error };

export interface FinishedChild {
  readonly end: ChildEnd;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a stream has brought so far. */
const collected = (
  stream: Readable | null,
  limit: number,
  exceeded: () => void,
): (() => string) => {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else exceeded();
  });
  return () => Buffer.concat(chunks).toString("utf8");
};

/**
 * Runs a program in a process group of its own, which Ctrl-C in the terminal does not reach: whoever cancels it ends
 * it in order. Resolves when it and everything that holds its outputs has ended, or was ended. Never rejects.
 */
export const runChild = (
  program: string,
  args: readonly string[],
  { signal, deadlineMs, outputLimit, graceMs, stdin, env, account, cwd }: ChildOptions,
): Promise<FinishedChild> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ end: { kind: "ended", why: "aborted" }, stdout: "", stderr: "" });
      return;
    }
    const child = spawn(program, args, {
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(env === undefined ? {} : { env }),
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
      ...(cwd === undefined ? {} : { cwd }),
    });
    let endedWhy: Extract<ChildEnd, { readonly kind: "ended" }>["why"] | null = null;
    const finish = (end: ChildEnd): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
      resolve({ end, stdout: stdout(), stderr: stderr() });
    };
    const end = (why: NonNullable<typeof endedWhy>): void => {
      if (endedWhy !== null) return;
      endedWhy = why;
      void endChild(child, graceMs).then(() => {
        finish({ kind: "ended", why });
      });
    };
    const tooMuch = (): void => {
      end("too-much-output");
    };
    const stdout = collected(child.stdout, outputLimit, tooMuch);
    const stderr = collected(child.stderr, outputLimit, tooMuch);
    // It may end without having read everything.
    child.stdin?.on("error", () => undefined).end(stdin);
    const onAbort = (): void => {
      end("aborted");
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const late =
      deadlineMs === null
        ? undefined
        : setTimeout(() => {
            end("late");
          }, deadlineMs);
    child.once("error", (cause) => {
      // Also emitted for a signal that could not be sent; then the end is still to come.
      if (child.pid === undefined) finish({ kind: "not-started", cause });
    });
    child.once("close", (code, by) => {
      if (endedWhy !== null) return;
      finish(code === null ? { kind: "killed", by: by ?? "a signal" } : { kind: "exited", code });
    });
  });
