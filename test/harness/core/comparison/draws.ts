/** Failures of a wave as chance has them, for simulations that repeat with their seed. */
import betaQuantile from "@stdlib/stats-base-dists-beta-quantile";
import type { Random } from "../../../../harness/core/random.ts";

/** Of so many jobs that fail independently. */
export const binomial = (jobs: number, share: number, random: Random): number => {
  let failed = 0;
  for (let job = 0; job < jobs; job += 1) if (random.next() < share) failed += 1;
  return failed;
};

/** Steps into which a distribution is cut that is drawn from often. */
const STEPS = 512;

const tables = new Map<string, readonly number[]>();

/** Quantiles of a beta distribution in the middle of each step: a draw is then one look-up. */
const betaTable = (a: number, b: number): readonly number[] => {
  const key = `${String(a)} ${String(b)}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const made = Array.from({ length: STEPS }, (_, step) => betaQuantile((step + 0.5) / STEPS, a, b));
  tables.set(key, made);
  return made;
};

/**
 * Of jobs that share their wave's luck: its rate is drawn from a beta distribution first.
 *
 * @param icc - how far the jobs of a wave go together, 0 … 1
 */
export const betaBinomial = (
  jobs: number,
  { mean, icc }: { readonly mean: number; readonly icc: number },
  random: Random,
): number => {
  if (icc === 0) return binomial(jobs, mean, random);
  const size = (1 - icc) / icc;
  const table = betaTable(mean * size, (1 - mean) * size);
  return binomial(jobs, table[random.below(STEPS)] ?? mean, random);
};
