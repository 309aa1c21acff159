/**
 * Are the values of one sample larger than those of another, and by how much? Asks nothing of their distribution.
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { median, sorted, sum, type Sorted } from "../statistics.ts";
import { choiceSums, shareWhere } from "./convolution.ts";
import type { Estimate } from "./stratified-exact.ts";

/** Up to this many values of both samples together the distribution of the ranks is worked out. */
const EXACT_UP_TO = 50;

const ALPHA = 0.05;

/** Twice the mean rank of each value among all of them: whole numbers, also where values are equal. */
const doubledRanks = (values: readonly number[]): readonly number[] => {
  const ordered = sorted(values);
  const ranks = new Map<number, number>();
  for (const [index, value] of ordered.entries()) {
    // Equal values share the mean of the first and the last of their places.
    const before = ranks.get(value);
    const first = before === undefined ? index + 1 : before - index;
    ranks.set(value, first + index + 1);
  }
  return values.map((value) => ranks.get(value) ?? 0);
};

/** Rounding of a share that is a sum of shares. */
const TOLERANCE = 1e-12;

const exactP = (ranks: readonly number[], size: number): number => {
  const observed = sum(ranks.slice(0, size));
  const expected = (size * sum(ranks)) / ranks.length;
  const distance = Math.abs(observed - expected);
  return shareWhere(
    choiceSums(ranks, size),
    (total) => Math.abs(total - expected) >= distance - TOLERANCE,
  );
};

const normalP = (ranks: readonly number[], size: number): number => {
  const of = ranks.length;
  const other = of - size;
  const counts = new Map<number, number>();
  for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  const ties = sum([...counts.values()].map((count) => count ** 3 - count));
  const variance = ((size * other) / 12) * (of + 1 - ties / (of * (of - 1)));
  if (variance === 0) return 1;
  const distance = Math.abs(sum(ranks.slice(0, size)) / 2 - (size * (of + 1)) / 2);
  return Math.min(1, 2 * normalCdf(-Math.max(0, distance - 0.5) / Math.sqrt(variance), 0, 1));
};

/**
 * Two-sided p of Mann and Whitney's test: for up to 50 values the exact one, given which values are equal; beyond, that of
 * the normal distribution, with corrections for continuity and for equal values.
 *
 * @throws RangeError for an empty sample
 * @see Mann and Whitney, Ann. Math. Statist. 18 (1947), 50–60; Lehmann, Nonparametrics (1975), 1.4, for equal values
 */
export const mannWhitney = (first: readonly number[], second: readonly number[]): number => {
  if (first.length === 0 || second.length === 0) throw new RangeError("no samples");
  const ranks = doubledRanks([...first, ...second]);
  return ranks.length <= EXACT_UP_TO ? exactP(ranks, first.length) : normalP(ranks, first.length);
};

/**
 * The smallest two-sided p that samples of these sizes can give: all of one above all of the other. The same as that of
 * Fisher's exact test where one group failed and the other did not.
 */
export const smallestRankP = (first: number, second: number): number => {
  let ways = 1;
  for (let i = 1; i <= Math.min(first, second) && Number.isFinite(ways); i += 1) {
    ways = (ways * (Math.max(first, second) + i)) / i;
  }
  return Math.min(1, 2 / ways);
};

const differencesOf = (first: readonly number[], second: readonly number[]): Sorted =>
  sorted(first.flatMap((x) => second.map((y) => x - y)));

/**
 * How many of the ordered differences lie outside the 95 % interval, on either side: the largest number with at most
 * 2.5 % below it. −1 where even the whole range is too little.
 */
const outside = (first: number, second: number): number => {
  const of = first + second;
  if (of > EXACT_UP_TO) {
    const deviation = Math.sqrt((first * second * (of + 1)) / 12);
    const reach = normalQuantile(1 - ALPHA / 2, 0, 1) * deviation;
    return Math.max(-1, Math.floor((first * second) / 2 - reach - 0.5));
  }
  const untied = Array.from({ length: of }, (_, index) => index + 1);
  let below = 0;
  // Statistic 0 is the smallest rank sum.
  const shares = choiceSums(untied, first).slice((first * (first + 1)) / 2);
  for (const [statistic, share] of shares.entries()) {
    below += share;
    if (below > ALPHA / 2 + TOLERANCE) return statistic - 1;
  }
  return -1;
};

/**
 * By how much the first sample lies above the second: the median of all differences, with a 95 % interval that holds at
 * least so often, also where values are equal (then more often).
 *
 * @returns the interval's ends, null where so few values have none: three against three, and fewer
 * @throws RangeError for an empty sample
 * @see Hodges and Lehmann, Ann. Math. Statist. 34 (1963), 598–611; Lehmann, Nonparametrics (1975), 2.4 and 2.6
 */
export const hodgesLehmann = (
  first: readonly number[],
  second: readonly number[],
): { readonly value: number; readonly interval: Omit<Estimate, "value"> | null } => {
  const differences = differencesOf(first, second);
  const value = median(differences);
  const cut = outside(first.length, second.length);
  const [low, high] = [differences[cut], differences[differences.length - 1 - cut]];
  return {
    value,
    interval: low === undefined || high === undefined || low > high ? null : { low, high },
  };
};
