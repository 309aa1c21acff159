/**
 * Two groups counted in several strata: is the share of failures the same in both, whatever it is in each stratum?
 * Every job counts for itself here: what the jobs of a wave have in common is not this module's business.
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { hypergeometric, type TwoByTwo } from "../fisher.ts";
import { sum, type Interval } from "../statistics.ts";
import { convolved, shareWhere } from "./convolution.ts";

const Z = normalQuantile(0.975, 0, 1);

/** Tables as likely as the observed one count, whatever rounding does to the last digits; as in R. */
const TOLERANCE = 1 + 1e-7;

export interface Estimate extends Interval {
  readonly value: number;
}

export interface StratifiedExact {
  /** Two-sided, given the margins of every stratum. */
  readonly p: number;
  /** Mantel and Haenszel's common odds ratio, first group over second; null where it is 0 or has no bound. */
  readonly oddsRatio: Estimate | null;
  /** Mantel and Haenszel's common difference, first group less second; null where no stratum has both. */
  readonly riskDifference: Estimate | null;
}

/** Over the strata, the sum of the first cells given all margins: independent hypergeometrics. */
const exactP = (strata: readonly TwoByTwo[]): number => {
  let distribution: Float64Array = new Float64Array([1]);
  let observed = 0;
  for (const table of strata) {
    const { first, of } = hypergeometric(table);
    const all = sum(of);
    distribution = convolved(
      distribution,
      Float64Array.from(of, (weight) => weight / all),
    );
    observed += table.a - first;
  }
  const limit = (distribution[observed] ?? 0) * TOLERANCE;
  return shareWhere(distribution, (_, share) => share <= limit);
};

/**
 * The interval is that of Robins, Breslow and Greenland, for few large strata as for many small ones.
 *
 * @see Mantel and Haenszel, J. Nat. Cancer Inst. 22 (1959), 719–748; Robins, Breslow and Greenland, Biometrics 42
 *   (1986), 311–323
 */
const commonOddsRatio = (strata: readonly TwoByTwo[]): Estimate | null => {
  let [r, s, pr, mixed, qs] = [0, 0, 0, 0, 0];
  for (const { a, b, c, d } of strata) {
    const total = a + b + c + d;
    if (total === 0) continue;
    const [p, q] = [(a + d) / total, (b + c) / total];
    const [up, down] = [(a * d) / total, (b * c) / total];
    r += up;
    s += down;
    pr += p * up;
    mixed += p * down + q * up;
    qs += q * down;
  }
  if (r === 0 || s === 0) return null;
  const value = r / s;
  const half = Z * Math.sqrt(pr / (2 * r ** 2) + mixed / (2 * r * s) + qs / (2 * s ** 2));
  return { value, low: value * Math.exp(-half), high: value * Math.exp(half) };
};

/** @see Greenland and Robins, Biometrics 41 (1985), 55–68; Sato, Biometrics 45 (1989), 1323–1324, for the variance */
const commonRiskDifference = (strata: readonly TwoByTwo[]): Estimate | null => {
  let [weight, weighted, p, q] = [0, 0, 0, 0];
  for (const { a, b, c, d } of strata) {
    const [first, second] = [a + b, c + d];
    const total = first + second;
    if (first === 0 || second === 0) continue;
    weight += (first * second) / total;
    weighted += (a * second - c * first) / total;
    p += (first ** 2 * c - second ** 2 * a + (first * second * (second - first)) / 2) / total ** 2;
    q += (a * d + c * b) / (2 * total);
  }
  if (weight === 0) return null;
  const value = weighted / weight;
  const half = (Z * Math.sqrt(Math.max(0, value * p + q))) / weight;
  return { value, low: value - half, high: value + half };
};

/**
 * The exact conditional test of one common odds ratio of 1, with Mantel and Haenszel's estimates. `a` and `b` of a
 * table are the first group, failed and not; `c` and `d` the second. Intervals are of 95 %.
 *
 * @throws RangeError unless all counts are whole and at least 0
 * @see Gart, Biometrika 57 (1970), 471–475; `mantelhaen.test(exact = TRUE)` in R is the same test
 */
export const stratifiedExact = (strata: readonly TwoByTwo[]): StratifiedExact => ({
  p: exactP(strata),
  oddsRatio: commonOddsRatio(strata),
  riskDifference: commonRiskDifference(strata),
});
