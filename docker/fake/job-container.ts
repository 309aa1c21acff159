/** A container that runs docker/probe's job program, in this process. */
import { duplexPair, type Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Dial } from "../probe/dial.ts";
import { encodeJobLine } from "../probe/job-lines.ts";
import { decodeJobRequest, type JobContainerRequest } from "../probe/job-request.ts";
import { runJob } from "../probe/job.ts";
import type { Container } from "./container.ts";

/** Finds a host on the networks of the container that asks. */
export type Resolve = (host: string) => {
  readonly address: string;
  /** Hands over the server's end of a stream; false where nothing runs. */
  readonly connect: (port: number, stream: Duplex) => boolean;
} | null;

/** The job program's argument is recognised by itself: an image may name the program or leave it to its default. */
const requestIn = (command: readonly string[]): JobContainerRequest | null => {
  const last = command.at(-1) ?? "";
  if (!last.startsWith("{")) return null;
  try {
    return decodeJobRequest(last);
  } catch {
    return null;
  }
};

/** The exit code of a command like `sh -c "exit 3"`, the only shell that is simulated; null for any other. */
export const exitCodeOf = (command: readonly string[]): number | null => {
  const code = /^exit (\d{1,3})$/.exec(command.at(-1) ?? "")?.[1];
  return code === undefined ? null : Number(code);
};

const dialInside =
  (resolve: Resolve, host: string, port: number): Dial =>
  (signal) => {
    signal.throwIfAborted();
    const found = resolve(host);
    if (found === null) return Promise.reject(new Error(`getaddrinfo ENOTFOUND ${host}`));
    const [near, far] = duplexPair();
    // A pair's sides do not learn of each other's end by destruction.
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
    if (found.connect(port, far)) return Promise.resolve(near);
    return Promise.reject(new Error(`connect ECONNREFUSED ${found.address}:${String(port)}`));
  };

const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  wait(milliseconds, undefined, { signal }).catch(() => undefined);

/**
 * Runs the job, if the container's command is one, and writes its lines into the container's log.
 *
 * @returns the exit code; null when there is no job, or the container was stopped before its end
 */
export const runJobContainer = async (
  container: Container,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<number | null> => {
  const request = requestIn(container.request.command);
  if (request === null) return null;
  const reached = await runJob(request, {
    dial: ({ host, port }) => dialInside(resolve, host, port),
    now: () => performance.now(),
    sleep,
    say: (line) => {
      if (!signal.aborted) container.log.append("stdout", encodeJobLine(line));
    },
    signal,
  });
  if (signal.aborted) return null;
  return reached ? 0 : 1;
};
