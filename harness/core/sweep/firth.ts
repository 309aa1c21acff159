/**
 * Logistic regression of a rate on one number, by Firth's penalised likelihood: its estimates are finite also where
 * nothing failed below some point and everything above it, where the ordinary ones run off to infinity.
 *
 * @see Firth, "Bias Reduction of Maximum Likelihood Estimates", Biometrika 80 (1993), 27–38; Heinze and Schemper,
 *   "A solution to the problem of separation in logistic regression", Statist. Med. 21 (2002), 2409–2419
 */

/** Trials at the same x. */
export interface Group {
  readonly x: number;
  readonly failed: number;
  readonly of: number;
}

/** logit of the rate at x: `intercept + slope · x`. */
export interface LogitLine {
  readonly intercept: number;
  readonly slope: number;
}

/** Steps of the linear predictor beyond this only lose digits. */
const LARGEST_STEP = 5;
/** Scoring is not Newton's way: where the penalty rules, as over three jobs close together, hundreds are needed. */
const MOST_STEPS = 5000;
const PRECISION = 1e-10;

export const logit = (rate: number): number => Math.log(rate / (1 - rate));
const inverseLogit = (value: number): number => 1 / (1 + Math.exp(-value));
/** log(1 / (1 + e^−value)), without overflow. */
const logRate = (value: number): number =>
  value > 0 ? -Math.log1p(Math.exp(-value)) : value - Math.log1p(Math.exp(value));

export const rateAt = ({ intercept, slope }: LogitLine, x: number): number =>
  inverseLogit(intercept + slope * x);

/** Fisher's information of (intercept at the weighted mean of x, slope), which is diagonal there. */
interface Information {
  readonly mean: number;
  readonly ofMean: number;
  readonly ofSlope: number;
}

const information = (groups: readonly Group[], line: LogitLine): Information => {
  const weights = groups.map(({ x, of }) => {
    const rate = rateAt(line, x);
    return of * rate * (1 - rate);
  });
  const ofMean = weights.reduce((a, b) => a + b, 0);
  const weighted = (value: (x: number) => number): number =>
    groups.reduce((all, { x }, index) => all + (weights[index] ?? 0) * value(x), 0);
  const mean = weighted((x) => x) / ofMean;
  return { mean, ofMean, ofSlope: weighted((x) => (x - mean) ** 2) };
};

/** The log of the likelihood, but for the binomial coefficients. */
export const logLikelihood = (groups: readonly Group[], { intercept, slope }: LogitLine): number =>
  groups.reduce((all, { x, failed, of }) => {
    const value = intercept + slope * x;
    return all + failed * logRate(value) + (of - failed) * logRate(-value);
  }, 0);

/** The same with Firth's penalty: half the log of the information's determinant. */
export const penalisedLikelihood = (groups: readonly Group[], line: LogitLine): number => {
  const { ofMean, ofSlope } = information(groups, line);
  const penalty = ofMean > 0 && ofSlope > 0 ? Math.log(ofMean) + Math.log(ofSlope) : -Infinity;
  return logLikelihood(groups, line) + penalty / 2;
};

/** One step of Fisher scoring on the modified score, which adds h (½ − rate) to each group's residual. */
const stepFrom = (groups: readonly Group[], line: LogitLine): LogitLine => {
  const { mean, ofMean, ofSlope } = information(groups, line);
  let [level, tilt] = [0, 0];
  for (const { x, failed, of } of groups) {
    const rate = rateAt(line, x);
    const leverage = of * rate * (1 - rate) * (1 / ofMean + (x - mean) ** 2 / ofSlope);
    const residual = failed - of * rate + leverage * (0.5 - rate);
    level += residual;
    tilt += residual * (x - mean);
  }
  const slope = tilt / ofSlope;
  return { intercept: level / ofMean - slope * mean, slope };
};

const shrunk = (step: LogitLine, groups: readonly Group[]): LogitLine => {
  const largest = groups.reduce(
    (most, { x }) => Math.max(most, Math.abs(step.intercept + step.slope * x)),
    0,
  );
  const factor = largest > LARGEST_STEP ? LARGEST_STEP / largest : 1;
  return { intercept: step.intercept * factor, slope: step.slope * factor };
};

/** Half the step until it is no step down; null where none of it is left. */
const climbed = (groups: readonly Group[], from: LogitLine, step: LogitLine): LogitLine | null => {
  const before = penalisedLikelihood(groups, from);
  for (let part = 1; part > PRECISION; part /= 2) {
    const next = {
      intercept: from.intercept + part * step.intercept,
      slope: from.slope + part * step.slope,
    };
    if (penalisedLikelihood(groups, next) >= before) return next;
  }
  return null;
};

/**
 * The line at which the penalised likelihood is largest.
 *
 * @param groups - at two or more different x, each of at least one trial
 * @throws RangeError for fewer
 */
export const firth = (groups: readonly Group[]): LogitLine => {
  if (new Set(groups.map(({ x }) => x)).size < 2) throw new RangeError("a line needs two points");
  const failed = groups.reduce((all, group) => all + group.failed, 0);
  const of = groups.reduce((all, group) => all + group.of, 0);
  let line: LogitLine = { intercept: logit((failed + 0.5) / (of + 1)), slope: 0 };
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const step = shrunk(stepFrom(groups, line), groups);
    const size = Math.abs(line.intercept) + Math.abs(line.slope);
    if (Math.abs(step.intercept) + Math.abs(step.slope) < PRECISION * (1 + size)) break;
    const next = climbed(groups, line, step);
    if (next === null) break;
    line = next;
  }
  return line;
};
