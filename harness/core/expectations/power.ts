/**
 * How many waves it takes to tell two failure rates apart, if they are what they are thought to be.
 */
import binomialPmf from "@stdlib/stats-base-dists-binomial-pmf";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { upperBound } from "../comparison/clopper-pearson.ts";
import { FEWEST_WAVES } from "../comparison/rate-difference.ts";
import { hypergeometric } from "../fisher.ts";
import { sum } from "../statistics.ts";

/** As fractions of 1. */
export interface Rates {
  readonly first: number;
  readonly second: number;
}

/** Whether a result, failures of each group, is called a difference. */
type Decides = (first: number, second: number) => boolean;

/** What is less likely than this changes no power that anybody reads. */
const NEGLIGIBLE = 1e-9;

/** Results of a group of this size that ever come up, with their probability. */
const likely = (size: number, rate: number): readonly (readonly [number, number])[] =>
  Array.from({ length: size + 1 }, (_, failed) => failed)
    .map((failed) => [failed, binomialPmf(failed, size, rate)] as const)
    .filter(([, chance]) => chance > NEGLIGIBLE);

/** How likely a difference is found between two groups of this size, over all results that can come up. */
export const powerOf = ({ first, second }: Rates, size: number, decides: Decides): number => {
  const others = likely(size, second);
  return sum(
    likely(size, first).map(
      ([one, chance]) =>
        chance * sum(others.flatMap(([other, weight]) => (decides(one, other) ? [weight] : []))),
    ),
  );
};

/**
 * Fisher's exact test, two-sided, for groups of equal size. A table is then as likely as its mirror image, so that its p is
 * twice a tail: one limit for each number of failures in all decides every table.
 */
export const fisherDecides = (size: number, alpha: number): Decides => {
  const limits = new Map<number, number>();
  /** The most failures that the smaller of the groups may have, of so many in all; −1: none is few enough. */
  const limitOf = (failed: number): number => {
    const { first, of } = hypergeometric({ a: 0, b: size, c: failed, d: size - failed });
    const all = sum(of);
    let tail = 0;
    for (const [index, weight] of of.entries()) {
      tail += weight / all;
      if (2 * tail >= alpha) return first + index - 1;
    }
    return -1;
  };
  return (first, second) => {
    const failed = first + second;
    // The table of successes has the same p, and no cell below 0.
    const [a, b] = failed > size ? [size - first, size - second] : [first, second];
    const limit = limits.get(a + b) ?? limitOf(a + b);
    limits.set(a + b, limit);
    return Math.min(a, b) <= limit;
  };
};

/** The score statistic against Student's t, as reports decide: see `rateDifference`. */
const scoreDecides = (size: number, waves: number, alpha: number): Decides => {
  const limit = tQuantile(1 - alpha / 2, 2 * waves - 2);
  return (first, second) => {
    const common = (first + second) / (2 * size);
    if (common === 0 || common === 1) return false;
    const deviation = Math.sqrt(2 * common * (1 - common) * size);
    return Math.abs(first - second) / deviation > limit;
  };
};

export interface Design {
  readonly rates: Rates;
  /** Jobs of a wave. */
  readonly jobs: number;
  /** Two-sided. */
  readonly alpha: number;
  /** How likely the difference is to be found, at least. */
  readonly power: number;
  /** At least 1: jobs that are worth one independent job. */
  readonly designEffect: number;
}

/**
 * How likely reports find the difference after so many waves of each arm. Exact for independent jobs; with a design effect
 * there are as many fewer, as if each failed for all it stands for.
 */
export const powerAfter = ({ rates, jobs, alpha, designEffect }: Design, waves: number): number => {
  const size = Math.floor((waves * jobs) / designEffect);
  if (waves < FEWEST_WAVES || size < 1) return 0;
  const exact = fisherDecides(size, alpha);
  const score = scoreDecides(size, waves, alpha);
  return powerOf(rates, size, (a, b) => exact(a, b) && score(a, b));
};

/**
 * Jobs of each group for Fisher's exact test, by a formula that is close to the exact number: where the search starts.
 *
 * @see Casagrande, Pike and Smith, Biometrics 34 (1978), 483–486
 */
export const approximateSize = ({
  rates: { first, second },
  alpha,
  power,
}: Pick<Design, "rates" | "alpha" | "power">): number => {
  const common = (first + second) / 2;
  const distance = Math.abs(first - second);
  const reach =
    normalQuantile(1 - alpha / 2, 0, 1) * Math.sqrt(2 * common * (1 - common)) +
    normalQuantile(power, 0, 1) * Math.sqrt(first * (1 - first) + second * (1 - second));
  return (reach ** 2 * (1 + Math.sqrt(1 + (4 * distance) / reach ** 2)) ** 2) / (4 * distance ** 2);
};

/** More waves than a run may have. */
const MOST_WAVES = 10_000;

export interface WavesNeeded {
  /** Of each arm. */
  readonly waves: number;
  /** Reached with so many. */
  readonly power: number;
}

/** The power goes up in steps and sometimes a little down: so many more waves must all be enough. */
const STEADY = 2;

/** The fewest waves of each arm that reach the power; null where no run is long enough. */
export const wavesNeeded = (design: Design): WavesNeeded | null => {
  const { jobs, power, designEffect } = design;
  const guess = (approximateSize(design) * designEffect) / jobs;
  if (guess > MOST_WAVES) return null;
  // To one percent where there are hundreds; there the guess is good.
  const step = Math.max(1, Math.floor(guess / 100));
  let waves = Math.max(FEWEST_WAVES, Math.floor((guess < 100 ? 0.7 : 0.95) * guess));
  for (; waves <= MOST_WAVES; waves += step) {
    const reached = powerAfter(design, waves);
    if (reached < power) continue;
    const later = Array.from({ length: STEADY }, (_, more) => waves + more + 1);
    if (later.every((each) => powerAfter(design, each) >= power)) return { waves, power: reached };
  }
  return null;
};

/** What the failure rate is at most, at 95 %, if none of so many jobs fails. */
export const cleanBound = (jobs: number): number => upperBound({ failed: 0, of: jobs }, 0.05);
