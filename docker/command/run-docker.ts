/**
 * One docker CLI process, from its start to its end.
 */
import { spawn } from "node:child_process";
import { messageOf } from "../../harness/core/errors.ts";
import type { Clock } from "../../harness/core/ports.ts";
import type { Millis } from "../../harness/core/units.ts";

export interface DockerCommand {
  /** Path of the program; no shell looks at it or at what follows it. */
  readonly program: string;
  readonly args: readonly string[];
  /** What it reads from its standard input; without it, nothing. */
  readonly stdin?: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface FinishedCommand {
  /** Null where it did not end by itself. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** When the process was there, and when it and all that it had started had closed their output. */
  readonly startedAt: Millis;
  readonly endedAt: Millis;
  /** Why it has no exit code; null where it has one. */
  readonly broken:
    /** The system did not start it. */
    | { readonly kind: "not-started"; readonly why: string }
    /** We ended it when the signal aborted. */
    | { readonly kind: "aborted" }
    /** Somebody else ended it. */
    | { readonly kind: "killed"; readonly by: string }
    | null;
}

/** Ends the process and what it has started: compose is a process of its own under the docker command. */
const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself in the meantime.
  }
};

/**
 * Runs it in a process group of its own. Never rejects: an exit code is data.
 *
 * @param signal - when it aborts, the process group is killed; what it had asked of the daemon may be done all the same
 */
export const runDocker = (
  { program, args, stdin, env, cwd }: DockerCommand,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FinishedCommand> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      const now = clock.now();
      const broken = { kind: "aborted" } as const;
      resolve({ code: null, stdout: "", stderr: "", startedAt: now, endedAt: now, broken });
      return;
    }
    const child = spawn(program, args, {
      // A group of its own, which Ctrl-C in the terminal does not reach: the harness ends it in order.
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    const startedAt = clock.now();
    let stdout = "";
    let stderr = "";
    let broken: FinishedCommand["broken"] = null;
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    // It may end without having read everything.
    child.stdin?.on("error", () => undefined).end(stdin);
    const onAbort = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      broken = { kind: "aborted" };
      endGroup(child.pid);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const finish = (code: number | null): void => {
      signal.removeEventListener("abort", onAbort);
      resolve({ code, stdout, stderr, startedAt, endedAt: clock.now(), broken });
    };
    child.once("error", (error) => {
      // Also told of a kill that failed; then the end is still to come.
      if (child.pid !== undefined) return;
      broken = { kind: "not-started", why: messageOf(error) };
      finish(null);
    });
    child.once("exit", () => {
      // A plugin that left the group holds the pipes; after an abort nobody waits for its last words.
      if (broken !== null) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    });
    child.once("close", (code, endedBy) => {
      if (code === null) broken ??= { kind: "killed", by: endedBy ?? "a signal" };
      else broken = null;
      finish(code);
    });
  });
