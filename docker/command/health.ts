/**
 * A runner's wait for its services, by what the daemon's health checks say.
 */
import type { Answer } from "../../harness/core/model.ts";
import type { Clock } from "../../harness/core/ports.ts";
import { seeded, type Random } from "../../harness/core/random.ts";
import { POLLING, type Polling, type PollingGrid } from "../../harness/core/runners/polling.ts";
import { millis, type Millis } from "../../harness/core/units.ts";
import { toAnswer } from "../client/answer.ts";
import type { Health } from "./published.ts";

/** An answer of something that was not done. */
export type Failure = Exclude<Answer, { readonly kind: "done" }>;

interface WaitedFor {
  readonly service: string;
  readonly container: string;
}

export interface PolledService extends WaitedFor {
  /** How often the runner asked about it. */
  readonly polls: number;
  /** From the beginning of the whole wait until its last answer. */
  readonly after: Millis;
  readonly end:
    /** Healthy, or without a health check. */
    | { readonly kind: "ready" }
    | { readonly kind: "unhealthy" }
    /** The runner has lost its patience. */
    | { readonly kind: "given-up" }
    /** The question itself was not answered. */
    | { readonly kind: "failed"; readonly answer: Failure };
}

export interface PollOptions {
  readonly services: readonly WaitedFor[];
  readonly polling: Polling;
  /** Of the runner's jitter: that of the job. */
  readonly seed: string;
  /** One question about one container, by the API or by a process. Never rejects. */
  readonly ask: (container: string, signal: AbortSignal) => Promise<Health | Failure>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Wait extends PollOptions {
  readonly grid: PollingGrid;
  readonly random: Random;
  readonly startedAt: Millis;
}

const stopped = (signal: AbortSignal): PolledService["end"] => {
  const answer = toAnswer(signal.reason, signal);
  // Of a signal's reason nothing was done.
  return answer.kind === "done" ? { kind: "given-up" } : { kind: "failed", answer };
};

/** What an answer to the question ends; null where the runner asks again. */
const endOf = (said: Health | Failure): PolledService["end"] | null => {
  if (typeof said === "object") return { kind: "failed", answer: said };
  switch (said) {
    case "healthy":
    case "":
      return { kind: "ready" };
    case "unhealthy":
      return { kind: "unhealthy" };
    case "starting":
      return null;
  }
};

/** In whole milliseconds: a question takes many. */
const since = (start: Millis, clock: Clock): Millis => millis(Math.round(clock.now() - start));

const waitForOne = async (service: WaitedFor, wait: Wait): Promise<PolledService> => {
  const { grid, random, ask, clock, signal, startedAt } = wait;
  const firstAt = clock.now();
  const isLost = (polls: number): boolean =>
    polls >= (grid.mostPolls ?? Infinity) || clock.now() - firstAt >= (grid.patience ?? Infinity);
  for (let polls = 1; ; polls += 1) {
    const end = endOf(await ask(service.container, signal));
    const after = since(startedAt, clock);
    if (end !== null) return { ...service, polls, after, end };
    if (isLost(polls)) return { ...service, polls, after, end: { kind: "given-up" } };
    await clock.sleep(grid.wait(polls, random), signal);
    if (signal.aborted) {
      return { ...service, polls, after: since(startedAt, clock), end: stopped(signal) };
    }
  }
};

/**
 * Asks about each service until its health is decided. A runner that waits for one service after another looks at
 * the rest also behind one that is unhealthy, and gives up where a question fails: those behind it are left out.
 */
export const pollHealth = async (options: PollOptions): Promise<readonly PolledService[]> => {
  const { services, polling, seed, clock } = options;
  const grid = POLLING[polling];
  const wait: Wait = { ...options, grid, random: seeded(seed), startedAt: clock.now() };
  if (grid.order === "at-once") {
    return await Promise.all(services.map((service) => waitForOne(service, wait)));
  }
  const polled: PolledService[] = [];
  for (const service of services) {
    const one = await waitForOne(service, wait);
    polled.push(one);
    if (one.end.kind === "failed") break;
  }
  return polled;
};

const complaint = ({ container, polls, end }: PolledService): string =>
  end.kind === "unhealthy"
    ? `container ${container} is unhealthy`
    : `container ${container}: health check never passed: still starting when asked for the ${String(polls)}th time`;

/** What the runner makes of it, and what it perceived of the services that it found ready. Pure. */
export const healthAnswer = (polled: readonly PolledService[]): Answer => {
  const failed = polled.flatMap(({ end }) => (end.kind === "failed" ? [end.answer] : []));
  const ready = polled.filter(({ end }) => end.kind === "ready");
  const services = ready.map(({ service, after, polls }) => ({ service, after, polls }));
  const measured = { kind: "perceived", services } as const;
  const [first] = failed;
  if (first !== undefined) return first.kind === "refused" ? { ...first, measured } : first;
  if (ready.length === polled.length) return { kind: "done", measured };
  const complaints = polled.filter(({ end }) => end.kind !== "ready").map(complaint);
  return { kind: "refused", by: "daemon", message: complaints.join("; "), measured };
};
