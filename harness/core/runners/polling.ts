/**
 * When runners ask again whether a service is healthy: their own grids, beside which a service is ready earlier
 * than its runner knows. Pure.
 */
import type { Random } from "../random.ts";
import { millis, seconds, type Millis } from "../units.ts";

export type Polling = "github" | "act";

/** How one runner waits for the health of its services. */
export interface PollingGrid {
  /** Whether services are waited for one after another, or all at once. */
  readonly order: "one-by-one" | "at-once";
  /** From the first question about a service; null: as long as it takes. */
  readonly patience: Millis | null;
  /** How often it asks about one service; null: as often as it takes. */
  readonly mostPolls: number | null;
  /**
   * How long it waits before it asks about the same service again.
   *
   * @param polled - how often it has asked about it, at least 1
   */
  readonly wait: (polled: number, random: Random) => Millis;
}

const GITHUB_LEAST = 2;
const GITHUB_MOST = 32;
const GITHUB_STEP = 2;

/**
 * 2, about 4, 8, 16 s, then 32 s throughout: asked near 0, 2, 6, 14, 30 and 62 s.
 *
 * @see actions/runner, src/Runner.Sdk/Util/BackoffTimerHelper.cs (GetExponentialBackoff: the step times 0.8 to 1.2) and
 * src/Runner.Worker/ContainerOperationProvider.cs (ContainerHealthcheck)
 */
const githubWait = (polled: number, random: Random): Millis => {
  const step = GITHUB_STEP * (0.8 + 0.4 * random.next());
  return seconds(Math.min(GITHUB_LEAST + (2 ** (polled - 1) - 1) * step, GITHUB_MOST));
};

/**
 * 1, 2, 4, 8 s, then 10 s throughout.
 *
 * @see nektos/act bd86152, pkg/runner/run_context.go (waitForServiceContainer)
 */
const actWait = (polled: number): Millis => seconds(Math.min(2 ** (polled - 1), 10));

export const POLLING: Readonly<Record<Polling, PollingGrid>> = {
  github: { order: "one-by-one", patience: null, mostPolls: null, wait: githubWait },
  act: { order: "at-once", patience: seconds(300), mostPolls: 31, wait: actWait },
};

/**
 * When a runner asks about one service that never gets ready, from its first question on, where asking takes no
 * time: the grid to print beside what was perceived.
 */
export const pollTimes = (
  polling: Polling,
  { atMost, random }: { readonly atMost: number; readonly random: Random },
): readonly Millis[] => {
  const { wait, mostPolls, patience } = POLLING[polling];
  const times: Millis[] = [];
  let at = millis(0);
  while (times.length < Math.min(atMost, mostPolls ?? atMost) && at <= (patience ?? at)) {
    times.push(at);
    at = millis(at + wait(times.length, random));
  }
  return times;
};
