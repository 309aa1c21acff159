/**
 * Exact one-sided bounds of a rate: what the counts still allow.
 */
import betaQuantile from "@stdlib/stats-base-dists-beta-quantile";

/** Counts, 0 ≤ failed ≤ of and of > 0; fractions of a count where dependent trials were made fewer. */
export interface Trials {
  readonly failed: number;
  readonly of: number;
}

const checked = ({ failed, of }: Trials, alpha: number): void => {
  if (!(failed >= 0 && failed <= of && of > 0 && alpha > 0 && alpha < 1)) {
    throw new RangeError(`not a rate: ${String(failed)} of ${String(of)} at ${String(alpha)}`);
  }
};

/**
 * The largest rate at which so few failures still come up with a probability of `alpha`. "Less than 1 % fail" takes 299
 * jobs without a failure at 5 %, since 0.99^299 < 0.05.
 *
 * @param alpha - one-sided
 * @throws RangeError unless 0 ≤ failed ≤ of, of > 0 and 0 < alpha < 1
 * @see Clopper and Pearson, Biometrika 26 (1934), 404–413
 */
export const upperBound = (trials: Trials, alpha: number): number => {
  checked(trials, alpha);
  const { failed, of } = trials;
  if (failed === of) return 1;
  // Without a failure there is a closed form, which also stays exact for tiny `alpha`.
  if (failed === 0) return -Math.expm1(Math.log(alpha) / of);
  return betaQuantile(1 - alpha, failed + 1, of - failed);
};

/** The smallest rate at which so many failures still come up with that probability. */
export const lowerBound = ({ failed, of }: Trials, alpha: number): number =>
  1 - upperBound({ failed: of - failed, of }, alpha);
