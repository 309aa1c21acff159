/**
 * One docker CLI process, from its start to its end.
 */
import { messageOf, unreachable } from "../../harness/core/errors.ts";
import type { Clock } from "../../harness/core/ports.ts";
import type { Millis } from "../../harness/core/units.ts";
import { runChild, type ChildEnd } from "../child-process.ts";

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

/** What one command prints is a few lines; a job's log may be long. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

const brokenBy = (end: ChildEnd): FinishedCommand["broken"] => {
  switch (end.kind) {
    case "exited":
      return null;
    case "killed":
      return end;
    case "ended":
      return end.why === "aborted"
        ? { kind: "aborted" }
        : { kind: "killed", by: "the harness: it wrote more than 16 MiB" };
    case "not-started":
      return { kind: "not-started", why: messageOf(end.cause) };
    default:
      return unreachable(end);
  }
};

/**
 * Runs it in a process group of its own: compose is a process of its own under the docker command. Never rejects: an
 * exit code is data.
 *
 * @param signal - when it aborts, the process group is killed; what it had asked of the daemon may be done all the same
 */
export const runDocker = async (
  { program, args, ...rest }: DockerCommand,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FinishedCommand> => {
  // The operation's deadline is the signal's.
  const limits = { signal, deadlineMs: null, outputLimit: OUTPUT_LIMIT, graceMs: 0 };
  const running = runChild(program, args, { ...rest, ...limits });
  const startedAt = clock.now();
  const { end, stdout, stderr } = await running;
  const code = end.kind === "exited" ? end.code : null;
  return { code, stdout, stderr, startedAt, endedAt: clock.now(), broken: brokenBy(end) };
};
