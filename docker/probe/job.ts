/** What a job does with its services, wherever it runs: in a container, or simulated in the fake engine. */
import type { Dial } from "./dial.ts";
import type { JobLine } from "./job-lines.ts";
import type { JobContainerRequest, JobRequest, JobService } from "./job-request.ts";
import { probeNonces, probeReady } from "./probe.ts";
import { untilDialled } from "./until-dialled.ts";
import { untilReady } from "./until-ready.ts";
import { abortReason, wordsOf } from "./words.ts";

/** For writing and reading the nonces of a service that was ready a moment ago. */
const IDENTITY_MS = 10_000;

export interface JobSurroundings {
  readonly dial: (address: Pick<JobService, "host" | "port">) => Dial;
  readonly now: () => number;
  /** Resolves after the duration, or at once when the signal aborts; never rejects. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly say: (line: JobLine) => void;
  readonly signal: AbortSignal;
}

const identity = async (
  { nonce }: JobRequest,
  service: JobService,
  { dial, sleep, signal }: JobSurroundings,
): Promise<readonly string[]> => {
  const bound = new AbortController();
  const onAbort = (): void => {
    bound.abort(abortReason(signal));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  void sleep(IDENTITY_MS, bound.signal).then(() => {
    bound.abort(new Error(`no answer within ${String(IDENTITY_MS / 1000)}s`));
  });
  try {
    if (signal.aborted) throw abortReason(signal);
    return await probeNonces(service.protocol, dial(service), nonce, bound.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    bound.abort();
  }
};

const runService = async (
  request: JobRequest,
  service: JobService,
  surroundings: JobSurroundings,
): Promise<void> => {
  const { dial, say } = surroundings;
  const name = service.service;
  try {
    const attempts = await untilReady({
      ...surroundings,
      probe: (signal) => probeReady(service.protocol, dial(service), signal),
      deadlineMs: request.deadlineMs,
    });
    say({ step: "ready", service: name, attempts });
  } catch (error) {
    say({ step: "ready", service: name, error: wordsOf(error) });
    return;
  }
  try {
    say({
      step: "identity",
      service: name,
      nonces: await identity(request, service, surroundings),
    });
  } catch (error) {
    say({ step: "identity", service: name, error: wordsOf(error) });
  }
};

/**
 * All services at once; each line is said as soon as it is known. Resolves when all are; never rejects.
 *
 * @returns false only where it was to wait until somebody accepts, and nobody did
 */
export const runJob = async (
  request: JobContainerRequest,
  surroundings: JobSurroundings,
): Promise<boolean> => {
  if ("dial" in request) return await untilDialled(request, surroundings);
  await Promise.all(request.services.map((service) => runService(request, service, surroundings)));
  return true;
};
