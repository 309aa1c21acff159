/**
 * How sure each look at growing data has to be, so that all looks together are wrong as seldom as one would be.
 */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";

/**
 * Lan and DeMets's O'Brien–Fleming-type spending function: almost nothing early, what is left at the end.
 *
 * @param alpha - one-sided, 0 … 1
 * @param fraction - of the planned data, above 0, at most 1
 * @returns the error spent by then, one-sided
 * @see Lan and DeMets, "Discrete Sequential Boundaries for Clinical Trials", Biometrika 70 (1983), 659–663
 */
export const spentBy = (fraction: number, alpha: number): number =>
  2 * normalCdf(normalQuantile(alpha / 2, 0, 1) / Math.sqrt(fraction), 0, 1);

/** What is less than this is not worth an integral: the look is passed over, and the error stays for the next. */
const NEGLIGIBLE = 1e-10;

/** Where a standard normal variable is never seen. */
const FAR = 8;

/** Steps of the integral to one standard deviation of what a look adds. */
const STEPS = 8;

/** The density of the sum so far, where no boundary was crossed, on an evenly spaced grid. */
interface Density {
  readonly from: number;
  readonly step: number;
  /** Times Simpson's weights. */
  readonly weighted: Float64Array;
}

const densityOn = (
  { from, to, step }: { readonly from: number; readonly to: number; readonly step: number },
  density: (x: number) => number,
): Density => {
  // Simpson's rule wants an even number of intervals.
  const intervals = 2 * Math.max(1, Math.ceil((to - from) / step / 2));
  const width = (to - from) / intervals;
  const weighted = Float64Array.from({ length: intervals + 1 }, (_, index) => {
    const weight = index === 0 || index === intervals ? 1 : index % 2 === 1 ? 4 : 2;
    return (density(from + index * width) * weight * width) / 3;
  });
  return { from, step: width, weighted };
};

/** Over a part of the grid: what lies further off than is ever seen adds nothing. */
const integral = (
  { from, step, weighted }: Density,
  [low, high]: readonly [number, number],
  of: (x: number) => number,
): number => {
  const first = Math.max(0, Math.ceil((low - from) / step));
  const last = Math.min(weighted.length - 1, Math.floor((high - from) / step));
  let total = 0;
  for (let index = first; index <= last; index += 1) {
    total += (weighted[index] ?? 0) * of(from + index * step);
  }
  return total;
};

const ROOT_OF_2_PI = Math.sqrt(2 * Math.PI);

const normalDensity = (x: number, deviation: number): number =>
  Math.exp(-((x / deviation) ** 2) / 2) / (deviation * ROOT_OF_2_PI);

/** Where a falling function reaches a value. */
const crossing = (falling: (x: number) => number, value: number): number => {
  let [low, high] = [-FAR, FAR];
  for (let step = 0; step < 45; step += 1) {
    const middle = (low + high) / 2;
    if (falling(middle) > value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

/**
 * For each look, the one-sided p at which the data decide; 0 where no data could. The looks' statistics are taken for
 * sums of independent normal parts, which rates and ranks of whole waves come near to.
 *
 * @param fractions - of the planned data at each look, rising, above 0, at most 1
 * @param alpha - one-sided, for all looks together
 * @see Armitage, McPherson and Rowe, J. Roy. Stat. Soc. A 132 (1969), 235–244, for the recursion
 */
export const nominalLevels = (fractions: readonly number[], alpha: number): readonly number[] => {
  let before: { readonly density: Density; readonly fraction: number } | null = null;
  let spent = 0;
  return fractions.map((fraction, look) => {
    const toSpend = spentBy(fraction, alpha) - spent;
    if (toSpend < NEGLIGIBLE) return 0;
    spent += toSpend;
    const earlier = before;
    const added = Math.sqrt(fraction - (earlier?.fraction ?? 0));
    const boundary =
      earlier === null
        ? -added * normalQuantile(toSpend, 0, 1)
        : crossing(
            (x) =>
              integral(earlier.density, [x - FAR * added, FAR], (u) =>
                normalCdf((u - x) / added, 0, 1),
              ),
            toSpend,
          );
    const next = (fractions[look + 1] ?? fraction + 1) - fraction;
    const step = Math.min(added, Math.sqrt(next)) / STEPS;
    before = {
      fraction,
      density: densityOn({ from: -FAR, to: boundary, step }, (x) =>
        earlier === null
          ? normalDensity(x, added)
          : integral(earlier.density, [x - FAR * added, x + FAR * added], (u) =>
              normalDensity(x - u, added),
            ),
      ),
    };
    return normalCdf(-boundary / Math.sqrt(fraction), 0, 1);
  });
};
