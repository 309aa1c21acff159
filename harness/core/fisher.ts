/**
 * Two groups and one property, counted: does the property go with a group? Exact test, odds ratio, and the
 * correction for asking many such questions at once.
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import type { Interval } from "./statistics.ts";

/** Counts, each at least 0. */
export interface TwoByTwo {
  /** The first group, with and without the property. */
  readonly a: number;
  readonly b: number;
  /** The second group, with and without it. */
  readonly c: number;
  readonly d: number;
}

const checked = (table: TwoByTwo): TwoByTwo => {
  const cells = [table.a, table.b, table.c, table.d];
  if (cells.every((cell) => Number.isSafeInteger(cell) && cell >= 0)) return table;
  throw new RangeError(`not counts: ${cells.map(String).join(", ")}`);
};

/** Tables as likely as the observed one count, whatever rounding does to the last digits; as in R. */
const TOLERANCE = 1 + 1e-7;

/**
 * Weights of the tables with these margins, in order of `a`, as a share of the likeliest: from one to the next
 * by their ratio, so that no factorial overflows.
 *
 * @throws RangeError unless all four are whole and at least 0
 */
export const hypergeometric = (
  table: TwoByTwo,
): { readonly first: number; readonly of: readonly number[] } => {
  const { a, b, c, d } = checked(table);
  const [row, column, total] = [a + b, a + c, a + b + c + d];
  const first = Math.max(0, row + column - total);
  const last = Math.min(row, column);
  const logs = [0];
  for (let cell = first; cell < last; cell += 1) {
    const up = (row - cell) * (column - cell);
    const down = (cell + 1) * (total - row - column + cell + 1);
    logs.push((logs.at(-1) ?? 0) + Math.log(up / down));
  }
  const most = logs.reduce((x, y) => Math.max(x, y));
  return { first, of: logs.map((log) => Math.exp(log - most)) };
};

/**
 * Two-sided p of Fisher's exact test: how likely, with these margins, is a table at most as likely as this one?
 *
 * @throws RangeError unless all four are whole and at least 0
 * @see Fisher, "The Logic of Inductive Inference", J. Roy. Stat. Soc. 98 (1935), 39–82
 */
export const fisherExact = (table: TwoByTwo): number => {
  const { first, of } = hypergeometric(table);
  const observed = (of[table.a - first] ?? 0) * TOLERANCE;
  let all = 0;
  let extreme = 0;
  for (const weight of of) {
    all += weight;
    if (weight <= observed) extreme += weight;
  }
  return Math.min(1, extreme / all);
};

/** The smallest two-sided p that groups of these sizes can give: one group all with, the other all without. */
export const smallestP = (first: number, second: number): number =>
  fisherExact({ a: first, b: 0, c: 0, d: second });

const Z = normalQuantile(0.975, 0, 1);

export interface OddsRatio extends Interval {
  readonly value: number;
  /** A cell was empty: one half was added to each, after Haldane and Anscombe. */
  readonly corrected: boolean;
}

/**
 * Odds of the property in the first group over its odds in the second, with Woolf's 95 % interval.
 *
 * @throws RangeError unless all four are whole and at least 0
 * @see Haldane, Ann. Hum. Genet. 20 (1956), 309–311; Anscombe, Biometrika 43 (1956), 461–464
 */
export const oddsRatio = (table: TwoByTwo): OddsRatio => {
  const cells = [checked(table).a, table.b, table.c, table.d];
  const corrected = cells.includes(0);
  const [a = 0, b = 0, c = 0, d = 0] = corrected ? cells.map((cell) => cell + 0.5) : cells;
  const value = (a * d) / (b * c);
  const half = Z * Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  return { value, low: value * Math.exp(-half), high: value * Math.exp(half), corrected };
};

/**
 * Holm's step-down correction: the adjusted p of each, in the order given. However many are asked about, the
 * chance that any of them falls below 0.05 by accident stays below 0.05.
 *
 * @see Holm, Scand. J. Statist. 6 (1979), 65–70
 */
export const holm = (ps: readonly number[]): readonly number[] => {
  const order = ps.map((p, index) => ({ p, index })).toSorted((x, y) => x.p - y.p);
  const adjusted = ps.map(() => 1);
  let largest = 0;
  for (const [rank, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
};
