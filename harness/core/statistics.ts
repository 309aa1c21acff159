/**
 * The little statistics a run needs: an interval for a failure rate, and quantiles of durations.
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import type { Rate, Spread } from "./measures.ts";
import { formatShare } from "./units.ts";

/** Confidence of every interval in the reports. */
const CONFIDENCE = 0.95;

/** Two-sided standard normal quantile of that confidence: 1.96. */
const Z = normalQuantile((1 + CONFIDENCE) / 2, 0, 1);

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson 95 % score interval for a failure rate, as fractions of 1.
 *
 * Preferred to the normal approximation because it stays inside 0..1 and stays informative at zero
 * failures, the result we report most.
 *
 * @param trials - failed, of at least 1; jobs of one wave are not independent, so the truth is wider
 * @throws RangeError unless 0 ≤ failed ≤ of and of ≥ 1, both whole
 * @see Wilson, "Probable Inference", JASA 22 (1927), 209–212
 */
export const wilson = ({
  failed,
  of,
}: {
  readonly failed: number;
  readonly of: number;
}): Interval => {
  if (!Number.isInteger(failed) || !Number.isInteger(of) || failed < 0 || of < 1 || failed > of) {
    throw new RangeError(`not a rate: ${String(failed)} of ${String(of)}`);
  }
  const observed = failed / of;
  const scale = 1 + Z ** 2 / of;
  const centre = (observed + Z ** 2 / (2 * of)) / scale;
  const half = (Z / scale) * Math.sqrt((observed * (1 - observed)) / of + Z ** 2 / (4 * of ** 2));
  // At the ends the formula gives 0 and 1 but for rounding.
  return {
    low: failed === 0 ? 0 : Math.max(0, centre - half),
    high: failed === of ? 1 : Math.min(1, centre + half),
  };
};

/** The observed rate with its interval; null where nothing was observed. */
export const rate = (trials: { readonly failed: number; readonly of: number }): Rate =>
  trials.of === 0 ? null : { ...trials, value: trials.failed / trials.of, ...wilson(trials) };

/** `1.2–14 %`. */
export const formatInterval = ({ low, high }: Interval): string =>
  `${formatShare(low).replace(/ %$/, "")}–${formatShare(high)}`;

declare const order: unique symbol;

/** A sample in ascending order, without NaN. */
export type Sorted = readonly number[] & { readonly [order]: "ascending" };

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** @throws RangeError for NaN, which has no place in an order */
export const sorted = (samples: readonly number[]): Sorted => {
  if (samples.some(Number.isNaN)) throw new RangeError("not a sample: NaN");
  return samples.toSorted((a, b) => a - b) as readonly number[] as Sorted;
};

/**
 * Quantile by linear interpolation between order statistics: type 7 of Hyndman and Fan, the default of R
 * and NumPy. The median of an even number of samples is the mean of the middle two.
 *
 * @param p - a fraction, 0 … 1
 * @throws RangeError for an empty sample or p outside 0 … 1
 * @see Hyndman and Fan, "Sample Quantiles in Statistical Packages", Am. Stat. 50 (1996), 361–365
 */
export const quantile = (samples: Sorted, p: number): number => {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`not a fraction: ${String(p)}`);
  const position = (samples.length - 1) * p;
  const below = samples[Math.floor(position)];
  const above = samples[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("no samples");
  // Rounding must not carry the result past its upper neighbour.
  return Math.min(above, below + (above - below) * (position - Math.floor(position)));
};

/** @throws RangeError for an empty sample */
export const median = (samples: Sorted): number => quantile(samples, 0.5);

/** Median and extremes; null for an empty sample. */
export const spread = (samples: readonly number[]): Spread => {
  const ordered = sorted(samples);
  const min = ordered[0];
  const max = ordered.at(-1);
  if (min === undefined || max === undefined) return null;
  return { samples: ordered.length, median: median(ordered), min, max };
};
