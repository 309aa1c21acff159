/**
 * The number of jobs at which one in twenty fails, and one in two: a logistic curve of the failure rate on log N.
 *
 * On log N and not on N: with nothing at once nothing fails, which only log N can say; a chance that each further
 * job adds to (a port somebody holds) is then a slope of 1, a limit that N runs into (address pools) a steep one,
 * and what does not go with N a slope of 0. Both curves have two parameters, so their likelihoods compare as they
 * are; that of N is told beside.
 *
 * The jobs of a wave are not independent. Waves are the unit: how far their jobs go together is estimated from how
 * far apart the waves are, and a wave of N counts as N / (1 + (N − 1) ρ) independent jobs, with Student's t for the few
 * waves it is estimated from. What does not fit a logistic curve widens every interval too. In simulated sweeps of three
 * waves each, the interval of N50 holds it in 96 % for independent jobs, and in 85–90 % where the odds of a whole wave
 * move by a factor of e or e².
 *
 * @see Williams, "Extra-binomial Variation in Logistic Linear Models", Appl. Statist. 31 (1982), 144–148, for ρ;
 *   Finney, Probit Analysis (1971), 4.6, for the misfit; Heinze and Schemper, Statist. Med. 21 (2002), 2409–2419, for
 *   intervals by the profile of the penalised likelihood
 */
import studentCdf from "@stdlib/stats-base-dists-t-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { z } from "zod";
import {
  firth,
  logit,
  logLikelihood,
  penalisedLikelihood,
  rateAt,
  type Group,
  type LogitLine,
} from "./firth.ts";

/** One wave of N jobs. */
export interface WaveCount {
  readonly n: number;
  readonly failed: number;
}

const number = z.number();

/** A number of jobs, with its 95 % interval; null: the interval has no end on that side. */
const reachedSchema = z.object({
  n: number,
  low: number.nullable(),
  high: number.nullable(),
  /** Of the numbers that were measured; outside of them it is an extrapolation. */
  where: z.enum(["within", "above", "below"]),
});
export type Reached = z.infer<typeof reachedSchema>;

const fitSchema = z.object({
  kind: z.literal("rises"),
  /** Of the logit of the failure rate on ln N. */
  intercept: number,
  slope: number,
  /** Of the jobs of a wave, 0 … 1: 0 where they are independent, 1 where all fail or none. */
  correlation: number,
  /** By how much the curve's own misfit widens every variance, at least 1. */
  misfit: number,
  /** That the slope is nil, two-sided. */
  p: number,
  n5: reachedSchema,
  n50: reachedSchema,
  /** Of this curve, and of the one on N itself: the larger fits better. */
  logLikelihood: number,
  logLikelihoodOnN: number,
});

export const failureCurveSchema = z.discriminatedUnion("kind", [
  /** No job failed. */
  z.object({ kind: z.literal("none") }),
  /** Every job did. */
  z.object({ kind: z.literal("all") }),
  /** Some did, and it cannot be said that the more at once, the more of them. */
  z.object({
    kind: z.literal("unclear"),
    why: z.enum(["one N", "one wave each", "no rise"]),
    /** That the slope is nil, two-sided; null where it could not be tested. */
    p: number.nullable(),
  }),
  fitSchema,
]);
export type FailureCurve = z.infer<typeof failureCurveSchema>;

const SIGNIFICANT = 0.05;
/** Ends of intervals beyond this factor are no ends. */
const FARTHEST = Math.log(1000);
/** Slopes tried for one point of the profile, from level to a step, as powers of e. */
const [FLATTEST, STEEPEST, SLOPES] = [-9, 7, 32] as const;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** How many independent jobs one of a wave of N counts for. */
const weightOf = (n: number, correlation: number): number => 1 / (1 + (n - 1) * correlation);

const groupsOf = (
  waves: readonly WaveCount[],
  x: (n: number) => number,
  correlation: number,
): readonly Group[] => {
  const groups = new Map<number, { failed: number; of: number }>();
  for (const { n, failed } of waves) {
    const group = groups.get(n) ?? { failed: 0, of: 0 };
    const weight = weightOf(n, correlation);
    groups.set(n, { failed: group.failed + weight * failed, of: group.of + weight * n });
  }
  return [...groups].map(([n, group]) => ({ x: x(n), ...group }));
};

/**
 * What the squares of the distances between waves and curve have beyond those of independent jobs, over what they would
 * have if jobs failed together: a ratio of sums, so that waves that cannot tell (of one job, or of a rate near 0 or 1)
 * count for nothing. Two waves' worth of distance is in the curve itself.
 */
const momentOf = (waves: readonly WaveCount[], correlation: number): number => {
  const line = firth(groupsOf(waves, Math.log, correlation));
  let [beyond, together] = [0, 0];
  for (const { n, failed } of waves) {
    const rate = rateAt(line, Math.log(n));
    const variance = n * rate * (1 - rate);
    const square = ((failed - n * rate) ** 2 * waves.length) / (waves.length - 2);
    beyond += square - variance;
    together += (n - 1) * variance;
  }
  return together > 0 ? Math.min(1, Math.max(0, beyond / together)) : 0;
};

/**
 * Waves that are more alike than independent jobs would make them are no reason for a narrower interval, and where each
 * wave failed whole or not at all, its jobs count as one.
 */
const correlationOf = (waves: readonly WaveCount[]): number => {
  if (waves.every(({ n, failed }) => failed === 0 || failed === n)) return 1;
  let correlation = 0;
  for (let steps = 0; steps < 10; steps += 1) correlation = momentOf(waves, correlation);
  return correlation;
};

/**
 * How much further the numbers of jobs are from the curve than waves alone would make them, as a factor of the variance:
 * a limit that N runs into is no logistic curve. Again a ratio of sums, and at least 1.
 */
const misfitOf = (groups: readonly Group[], line: LogitLine): number => {
  let [squares, variances] = [0, 0];
  for (const { x, failed, of } of groups) {
    const rate = rateAt(line, x);
    squares += (failed - of * rate) ** 2;
    variances += of * rate * (1 - rate);
  }
  return groups.length > 2
    ? Math.max(1, (squares / variances) * (groups.length / (groups.length - 2)))
    : 1;
};

/** Of all level curves the likeliest, with the same penalty: (p (1 − p)) to the power of the two parameters, halved. */
const levelLine = (groups: readonly Group[]): LogitLine => {
  const failed = groups.reduce((all, group) => all + group.failed, 0);
  const of = groups.reduce((all, group) => all + group.of, 0);
  return { intercept: logit((failed + 1) / (of + 2)), slope: 0 };
};

/** Largest value of a function with one maximum, between two places. */
const largest = (value: (at: number) => number, from: number, to: number): number => {
  let [low, high] = [from, to];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atA, atB] = [value(a), value(b)];
  for (let steps = 0; steps < 24; steps += 1) {
    if (atA > atB) {
      [high, b, atB] = [b, a, atA];
      a = high - GOLDEN * (high - low);
      atA = value(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + GOLDEN * (high - low);
      atB = value(b);
    }
  }
  return Math.max(atA, atB);
};

/** Is there a rising curve that has this rate at x and is likely enough? */
const isLikely = (
  groups: readonly Group[],
  { x, rate, enough }: { readonly x: number; readonly rate: number; readonly enough: number },
): boolean => {
  const value = (power: number): number => {
    const slope = Math.exp(power);
    return penalisedLikelihood(groups, { intercept: logit(rate) - slope * x, slope });
  };
  const width = (STEEPEST - FLATTEST) / SLOPES;
  let [best, most]: [number, number] = [FLATTEST, -Infinity];
  for (let place = 0; place <= SLOPES; place += 1) {
    const power = FLATTEST + place * width;
    const found = value(power);
    if (found >= enough) return true;
    if (found > most) [best, most] = [power, found];
  }
  return largest(value, best - width, best + width) >= enough;
};

/** Where a function that is true next to `from` stops being so, going by `direction`; null: nowhere near. */
const edge = (holds: (x: number) => boolean, from: number, direction: 1 | -1): number | null => {
  let [inside, distance] = [from, 0.05];
  while (holds(from + direction * distance)) {
    inside = from + direction * distance;
    if (distance > FARTHEST) return null;
    distance *= 2;
  }
  let outside = from + direction * distance;
  for (let steps = 0; steps < 25; steps += 1) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return (inside + outside) / 2;
};

interface Fit {
  readonly groups: readonly Group[];
  readonly line: LogitLine;
  /** By how much the penalised likelihood may fall short of its maximum, within the interval. */
  readonly slack: number;
}

const reached = ({ groups, line, slack }: Fit, rate: number): Reached => {
  const at = (logit(rate) - line.intercept) / line.slope;
  const enough = penalisedLikelihood(groups, line) - slack;
  const holds = (x: number): boolean => isLikely(groups, { x, rate, enough });
  const [low, high] = [edge(holds, at, -1), edge(holds, at, 1)];
  const measured = groups.map(({ x }) => x);
  return {
    n: Math.exp(at),
    low: low === null ? null : Math.exp(low),
    high: high === null ? null : Math.exp(high),
    where: at > Math.max(...measured) ? "above" : at < Math.min(...measured) ? "below" : "within",
  };
};

/** @param waves - those that ran to their end, of one mode on one engine */
export const failureCurve = (waves: readonly WaveCount[]): FailureCurve => {
  const failed = waves.reduce((all, wave) => all + wave.failed, 0);
  if (failed === 0) return { kind: "none" };
  if (waves.every((wave) => wave.failed === wave.n)) return { kind: "all" };
  const numbers = new Set(waves.map(({ n }) => n)).size;
  if (numbers < 2) return { kind: "unclear", why: "one N", p: null };
  if (numbers === waves.length) return { kind: "unclear", why: "one wave each", p: null };
  const freedom = waves.length - 2;
  const correlation = correlationOf(waves);
  const groups = groupsOf(waves, Math.log, correlation);
  const line = firth(groups);
  const gain = penalisedLikelihood(groups, line) - penalisedLikelihood(groups, levelLine(groups));
  const misfit = misfitOf(groups, line);
  const p = 2 * (1 - studentCdf(Math.sqrt((2 * Math.max(0, gain)) / misfit), freedom));
  if (p >= SIGNIFICANT || line.slope <= 0) return { kind: "unclear", why: "no rise", p };
  const slack = (misfit * studentQuantile(1 - SIGNIFICANT / 2, freedom) ** 2) / 2;
  const fit = { groups, line, slack };
  const onN = groupsOf(waves, (n) => n, correlation);
  return {
    kind: "rises",
    ...line,
    correlation,
    misfit,
    p,
    n5: reached(fit, 0.05),
    n50: reached(fit, 0.5),
    logLikelihood: logLikelihood(groups, line),
    logLikelihoodOnN: logLikelihood(onN, firth(onN)),
  };
};
