/**
 * How large a share can be, where what is counted comes in waves: the jobs of a wave have an engine and a minute in
 * common, and are worth less than as many that have not.
 */
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { lowerBound, upperBound, type Trials } from "../comparison/clopper-pearson.ts";
import { designEffect, totalOf, type CountedWave } from "../comparison/design-effect.ts";

export interface Share {
  readonly failed: number;
  readonly of: number;
  readonly waves: number;
  /** Null where the data cannot tell: with one wave, or where all jobs went the same way. */
  readonly designEffect: number | null;
}

/** Null where nothing was counted. */
export const shareOf = (counted: readonly CountedWave[]): Share | null => {
  const waves = counted.filter(({ of }) => of > 0);
  const total = totalOf(waves);
  if (total.of === 0) return null;
  return { ...total, waves: waves.length, designEffect: designEffect([waves]) };
};

/**
 * How many jobs are worth one independent trial, at this level. A design effect estimated from few waves is itself
 * uncertain, and grows by the squared ratio of the t quantiles. One wave with failures is one trial; without any failure
 * nothing shows how the jobs hang together, and each counts.
 *
 * @see Korn and Graubard, Survey Methodology 24 (1998), 193–201
 */
const jobsPerTrial = (
  { failed, of, waves, designEffect: effect }: Share,
  alpha: number,
): number => {
  if (failed === 0 || of === waves) return 1;
  if (waves === 1) return of;
  if (effect === null) return 1;
  const uncertainty = (tQuantile(alpha, waves - 1) / tQuantile(alpha, of - 1)) ** 2;
  return Math.min(of, Math.max(1, effect * uncertainty));
};

/** As many independent trials as these jobs are worth. */
const trialsAt = (share: Share, alpha: number): Trials => {
  const jobs = jobsPerTrial(share, alpha);
  return { failed: share.failed / jobs, of: share.of / jobs };
};

/** What the share is at most, with a confidence of 1 − alpha: exact where jobs are independent. */
export const highest = (share: Share, alpha: number): number =>
  upperBound(trialsAt(share, alpha), alpha);

export const lowest = (share: Share, alpha: number): number =>
  lowerBound(trialsAt(share, alpha), alpha);

const MOST = 10_000_000;

/**
 * How many more jobs, none of them failed, would show about that the share is below the limit; null where ten million
 * would not.
 */
export const missing = (
  share: Share,
  { limit, alpha }: { readonly limit: number; readonly alpha: number },
): number | null => {
  const trials = trialsAt(share, alpha);
  const jobs = share.of / trials.of;
  const enough = (more: number): boolean =>
    upperBound({ failed: trials.failed, of: trials.of + more / jobs }, alpha) < limit;
  if (!enough(MOST)) return null;
  let [below, above] = [0, MOST];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (enough(middle)) above = middle;
    else below = middle;
  }
  return above;
};
