/**
 * How much more do waves of one arm vary than if every job failed or not for itself?
 */
import { sum } from "../statistics.ts";

/** A wave, counted. */
export interface CountedWave {
  readonly failed: number;
  /** At least 1. */
  readonly of: number;
}

export const totalOf = (waves: readonly CountedWave[]): CountedWave => ({
  failed: sum(waves.map(({ failed }) => failed)),
  of: sum(waves.map(({ of }) => of)),
});

/**
 * The variance between the waves of an arm over the one that the binomial law gives, pooled over the arms: 1 where jobs
 * are independent, up to the number of jobs of a wave where all of them fail together. An estimate from few waves is
 * rough, and may be below 1 by accident.
 *
 * A ratio of sums and not a mean of ratios: an arm in which nothing failed, or everything, adds nothing to either.
 *
 * @param arms - the waves of each
 * @returns null where there is nothing to tell it from: no arm has two waves of which some jobs failed and some did not
 * @see Kish, Survey Sampling (1965), for the name; Rao and Scott, Biometrics 48 (1992), 577–585, for clustered counts
 */
export const designEffect = (arms: readonly (readonly CountedWave[])[]): number | null => {
  let [between, binomial] = [0, 0];
  for (const waves of arms) {
    const { failed, of } = totalOf(waves);
    if (of === 0) continue;
    const rate = failed / of;
    between += sum(waves.map((wave) => wave.of * (wave.failed / wave.of - rate) ** 2));
    binomial += (waves.length - 1) * rate * (1 - rate);
  }
  return binomial === 0 ? null : between / binomial;
};
