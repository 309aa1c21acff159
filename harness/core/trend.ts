/**
 * Does a series grow? Slope and test that ask nothing of the distribution and are not moved by a single outlier.
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { median, quantile, sorted, type Interval } from "./statistics.ts";

/** One reading; `x` is the wave's number, so a wave without a reading is a gap and not a shift. */
export interface Reading {
  readonly x: number;
  readonly y: number;
}

/** Up to this many readings the p-value is exact; beyond it the normal approximation is good enough. */
const EXACT_UP_TO = 10;

const Z = normalQuantile(0.975, 0, 1);

/** How often each value occurs, in ascending order of the values. */
const ties = (values: readonly number[]): readonly number[] => {
  const counts = new Map<number, number>();
  for (const value of sorted(values)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
};

/** Of all pairs of readings, in no order; a typed array, because there are half as many as readings squared. */
const slopesOf = (readings: readonly Reading[]): Float64Array => {
  const slopes = new Float64Array((readings.length * (readings.length - 1)) / 2);
  let next = 0;
  for (const [index, later] of readings.entries()) {
    for (const earlier of readings.slice(0, index)) {
      slopes[next] = (later.y - earlier.y) / (later.x - earlier.x);
      next += 1;
    }
  }
  return slopes;
};

const kendallVariance = (values: readonly number[]): number => {
  const term = (n: number): number => n * (n - 1) * (2 * n + 5);
  return (term(values.length) - ties(values).reduce((sum, count) => sum + term(count), 0)) / 18;
};

/**
 * In how many orders `count` equal values can stand among `before` smaller ones with k pairs the wrong way round, by
 * k: the coefficients of a Gaussian binomial, built by adding the values one at a time.
 */
const inversionsOf = (before: number, count: number): readonly number[] => {
  // ways[j][k]: j of the equal values placed, k inversions, all of them behind the same number of smaller ones.
  let ways: number[][] = Array.from({ length: count + 1 }, (_, j) => (j === 0 ? [1] : []));
  for (let smaller = 0; smaller <= before; smaller += 1) {
    const next: number[][] = Array.from({ length: count + 1 }, () => []);
    for (const [placed, row] of ways.entries()) {
      for (const [inversions, amount] of row.entries()) {
        // Each value put in front of the remaining smaller ones is an inversion with every one of them.
        for (let more = 0; placed + more <= count; more += 1) {
          const target = next[placed + more];
          const total = inversions + more * (before - smaller);
          if (target !== undefined) target[total] = (target[total] ?? 0) + amount;
        }
      }
    }
    ways = next.map((row) => Array.from(row, (amount) => (amount as number | undefined) ?? 0));
  }
  return ways[count] ?? [];
};

const convolved = (left: readonly number[], right: readonly number[]): readonly number[] => {
  const product = Array.from({ length: left.length + right.length - 1 }, () => 0);
  for (const [i, x] of left.entries()) {
    for (const [j, y] of right.entries()) product[i + j] = (product[i + j] ?? 0) + x * y;
  }
  return product;
};

/** Two-sided, over all orders of these values, which are equally likely if there is no trend. */
const exactP = (values: readonly number[], s: number): number => {
  let before = 0;
  let distribution: readonly number[] = [1];
  for (const count of ties(values)) {
    distribution = convolved(distribution, inversionsOf(before, count));
    before += count;
  }
  const untied = distribution.length - 1;
  const all = distribution.reduce((x, y) => x + y, 0);
  const extreme = distribution.reduce(
    (sum, ways, inversions) =>
      Math.abs(untied - 2 * inversions) >= Math.abs(s) ? sum + ways : sum,
    0,
  );
  return extreme / all;
};

export interface Trend extends Interval {
  /** Theil–Sen: the median of the slopes of all pairs, per unit of x. */
  readonly slope: number;
  /** Mann–Kendall, two-sided. */
  readonly p: number;
  /** Kendall's S: above 0, more pairs rise than fall. */
  readonly s: number;
}

/**
 * Slope with a 95 % interval, and the Mann–Kendall test with the correction for ties: exact for up to ten readings, with
 * the normal approximation and its continuity correction beyond. Readings of one engine are not independent
 * (each starts from the one before), so a p just below 0.05 is a reason to look, not a proof.
 *
 * @param readings - in ascending order of x, no x twice, at least 2
 * @throws RangeError for fewer, or another order
 * @see Mann, Econometrica 13 (1945), 245–259; Sen, J. Amer. Statist. Assoc. 63 (1968), 1379–1389; the ranks of the
 *   interval as in Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), 218
 */
export const trend = (readings: readonly Reading[]): Trend => {
  if (readings.length < 2) throw new RangeError("a trend needs two readings");
  if (readings.some(({ x }, index) => index > 0 && !(x > (readings[index - 1]?.x ?? x)))) {
    throw new RangeError("readings are not in order");
  }
  const values = readings.map(({ y }) => y);
  const unordered = slopesOf(readings);
  // Kendall's S: pairs that rise less pairs that fall.
  const s = unordered.reduce((total, slope) => total + Math.sign(slope), 0);
  const slopes = sorted(Array.from(unordered.sort()));
  const deviation = Math.sqrt(kendallVariance(values));
  const p =
    readings.length <= EXACT_UP_TO
      ? exactP(values, s)
      : deviation === 0
        ? 1
        : Math.min(1, 2 * normalCdf(-Math.max(0, Math.abs(s) - 1) / deviation, 0, 1));
  // The rank, from 1, of the slope that bounds the interval from below; as many are above the upper bound.
  const rank = Math.max(1, (slopes.length - Z * deviation) / 2);
  const bound = slopes.length === 1 ? 0 : Math.min(0.5, (rank - 1) / (slopes.length - 1));
  return {
    slope: median(slopes),
    low: quantile(slopes, bound),
    high: quantile(slopes, 1 - bound),
    p,
    s,
  };
};
