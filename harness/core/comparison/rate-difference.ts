/**
 * Do two arms fail at different rates? From whole waves, because the jobs of a wave are not independent.
 */
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import tCdf from "@stdlib/stats-base-dists-t-cdf";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { z } from "zod";
import { rateSchema } from "../measures.ts";
import { seeded } from "../random.ts";
import { rate } from "../statistics.ts";
import { decided, decisionSchema, LEVEL, UNDECIDED, type Decision } from "./decision.ts";
import { designEffect, totalOf, type CountedWave } from "./design-effect.ts";
import { smallestRankP } from "./rank-sum.ts";
import { stratifiedExact, type Estimate, type StratifiedExact } from "./stratified-exact.ts";
import { wavePermutation } from "./wave-permutation.ts";

/**
 * Waves of each arm below which no p is given. From two, waves that fail as a whole or not at all would be called different
 * once in eight times where there is no difference.
 */
export const FEWEST_WAVES = 3;

const number = z.number();
const p = number.min(0).max(1);

const estimateSchema = z.object({ value: number, low: number, high: number }).nullable();

const countedSchema = z.object({
  waves: z.int().nonnegative(),
  /** Wilson's interval, as if jobs were independent. */
  rate: rateSchema,
});

export const rateDifferenceSchema = z.object({
  baseline: countedSchema,
  arm: countedSchema,
  /** Arm less baseline; the interval allows for the design effect. Null where there are too few waves. */
  difference: estimateSchema,
  /** Mantel and Haenszel's, over the blocks, as if jobs were independent; null where one arm has no failure. */
  oddsRatio: estimateSchema,
  /** Exact test stratified by block, as if jobs were independent. */
  exactP: p,
  /** Whole waves dealt anew within their blocks; null where no block has both arms. */
  waveP: p.nullable(),
  /** Variance between waves over the binomial one; null where it cannot be told. */
  designEffect: number.nullable(),
  ...decisionSchema.shape,
  /** Waves of each arm to tell these very rates apart with a power of 80 %; null where nothing differs. */
  wavesToTell: z.int().positive().nullable(),
});
export type RateDifference = z.infer<typeof rateDifferenceSchema>;

/** A wave with the block it was run in. */
export interface BlockedWave extends CountedWave {
  readonly block: number;
}

export interface TwoArms {
  readonly baseline: readonly BlockedWave[];
  readonly arm: readonly BlockedWave[];
}

const blocksOf = ({ baseline, arm }: TwoArms) => {
  const blocks = new Map<
    number,
    { readonly first: BlockedWave[]; readonly second: BlockedWave[] }
  >();
  const of = (block: number) => {
    const known = blocks.get(block) ?? { first: [], second: [] };
    blocks.set(block, known);
    return known;
  };
  for (const wave of arm) of(wave.block).first.push(wave);
  for (const wave of baseline) of(wave.block).second.push(wave);
  return [...blocks.values()];
};

const strataOf = (arms: TwoArms) =>
  blocksOf(arms).map(({ first, second }) => {
    const [one, other] = [totalOf(first), totalOf(second)];
    return {
      a: one.failed,
      b: one.of - one.failed,
      c: other.failed,
      d: other.of - other.failed,
    };
  });

/** Two-sided, with Student's t for as many waves as there are beyond the two means. */
const deflatedP = ({ baseline, arm }: TwoArms, effect: number): number => {
  const [one, other] = [totalOf(arm), totalOf(baseline)];
  const common = (one.failed + other.failed) / (one.of + other.of);
  if (common === 0 || common === 1) return 1;
  const difference = one.failed / one.of - other.failed / other.of;
  const variance = effect * common * (1 - common) * (1 / one.of + 1 / other.of);
  const t = Math.abs(difference) / Math.sqrt(variance);
  return Math.min(1, 2 * tCdf(-t, baseline.length + arm.length - 2));
};

/** Wilson's interval for counts that may be fractions, at any quantile. */
const score = ({ failed, of }: CountedWave, quantile: number) => {
  const value = failed / of;
  const scale = 1 + quantile ** 2 / of;
  const centre = (value + quantile ** 2 / (2 * of)) / scale;
  const half =
    (quantile / scale) * Math.sqrt((value * (1 - value)) / of + quantile ** 2 / (4 * of ** 2));
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
};

/**
 * Interval of first rate less second, from the score interval of each: inside −1 … 1, and of use at zero failures.
 *
 * @param quantile - two-sided, of the normal or of Student's distribution
 * @see Newcombe, Statistics in Medicine 17 (1998), 873–890, method 10
 */
export const newcombe = (first: CountedWave, second: CountedWave, quantile: number): Estimate => {
  const [one, other] = [score(first, quantile), score(second, quantile)];
  const value = one.value - other.value;
  return {
    value,
    low: value - Math.hypot(one.value - one.low, other.high - other.value),
    high: value + Math.hypot(one.high - one.value, other.value - other.low),
  };
};

/** As many independent jobs as tell as much. */
const deflated = ({ failed, of }: CountedWave, effect: number): CountedWave => ({
  failed: failed / effect,
  of: of / effect,
});

const differenceOf = ({ baseline, arm }: TwoArms, effect: number): Estimate => {
  const quantile = tQuantile(0.975, baseline.length + arm.length - 2);
  return newcombe(deflated(totalOf(arm), effect), deflated(totalOf(baseline), effect), quantile);
};

/** More waves than anybody runs. */
const MOST_WAVES = 10_000;

/** Of a plan that is thought of. */
const POWER = 0.8;

/**
 * Waves of each arm with which the test that decides finds these two rates different in 80 of 100 runs, by the normal
 * approximation: good to a tenth. `stress plan` counts more exactly, and takes longer.
 *
 * @param jobs - of a wave
 * @returns null for equal rates, and for more waves than anybody runs
 */
export const wavesToTell = (rates: {
  readonly from: number;
  readonly to: number;
  readonly jobs: number;
  readonly designEffect: number;
}): number | null => {
  const { from, to, jobs } = rates;
  const common = (from + to) / 2;
  const effect = Math.max(1, rates.designEffect);
  const reach = normalQuantile(POWER, 0, 1) * Math.sqrt(from * (1 - from) + to * (1 - to));
  const tells = (waves: number): boolean => {
    const needed = tQuantile(1 - LEVEL / 2, 2 * waves - 2) * Math.sqrt(2 * common * (1 - common));
    const told = Math.abs(to - from) * Math.sqrt((waves * jobs) / effect);
    return smallestRankP(waves * jobs, waves * jobs) <= LEVEL && told >= needed + reach;
  };
  if (from === to || !tells(MOST_WAVES)) return null;
  let [tooFew, enough] = [FEWEST_WAVES - 1, MOST_WAVES];
  while (enough - tooFew > 1) {
    const between = Math.floor((tooFew + enough) / 2);
    if (tells(between)) enough = between;
    else tooFew = between;
  }
  return enough;
};

const countedOf = (waves: readonly CountedWave[]) => ({
  waves: waves.length,
  rate: rate(totalOf(waves)),
});

/** What all jobs of one arm against none of the other would give. */
const smallestOf = ({ baseline, arm }: TwoArms): number => {
  const failed = (waves: readonly BlockedWave[]) =>
    waves.map((wave) => ({ ...wave, failed: wave.of }));
  const clean = (waves: readonly BlockedWave[]) => waves.map((wave) => ({ ...wave, failed: 0 }));
  const exact = smallestRankP(totalOf(baseline).of, totalOf(arm).of);
  return Math.max(exact, deflatedP({ baseline: clean(baseline), arm: failed(arm) }, 1));
};

/** What decides, and what it is made from. */
interface Deciding {
  readonly decision: Decision;
  readonly exact: StratifiedExact;
  /** As estimated; null where it cannot be told. */
  readonly designEffect: number | null;
}

/**
 * The p that decides is the larger of two. One is exact if jobs are independent: the conditional test stratified by block.
 * The other allows for waves that fail or hold as a whole: the score statistic divided by the design effect (never taken
 * below 1) and held against Student's t with as many degrees of freedom as there are waves less two, which is a
 * quasi-binomial F test. Of those tried it is the one that keeps its promise and still decides from three blocks. In 4,000
 * simulated runs each of 2 × 3, 4, 6 and 12 waves of 16 jobs with the same rate of failure (1 % to 50 %), at most 4.7 % were
 * called different whether jobs were independent or went together with an intra-wave correlation of 0.1, 0.3 or 0.6, and
 * 3.5 % where every wave failed as a whole or not at all; the exact test alone called up to 54 % of them different. A t test
 * of the waves' rates was wrong more often (6.2 % for 4 waves at 50 % and 0.3). Dealing whole waves anew promises the same
 * without any assumption, but from fewer than six blocks it can never call anything different, and after Holm's correction
 * from even more; its p is given beside the others. For 10 of 40 in each of three waves against none the p is 0.004.
 *
 * @see McCullagh and Nelder, Generalized Linear Models (1989), 4.5; Rao and Scott, Biometrics 48 (1992), 577–585
 */
export const deciding = (arms: TwoArms): Deciding => {
  const found = designEffect([arms.arm, arms.baseline]);
  const exact = stratifiedExact(strataOf(arms));
  const enough = Math.min(arms.arm.length, arms.baseline.length) >= FEWEST_WAVES;
  const smallestP = enough ? smallestOf(arms) : 1;
  if (smallestP >= LEVEL) return { decision: UNDECIDED, exact, designEffect: found };
  const p = Math.max(exact.p, deflatedP(arms, Math.max(1, found ?? 1)));
  return { decision: decided({ p, smallestP }), exact, designEffect: found };
};

/** The difference of two failure rates, and whether it is one; not yet corrected for asking often: see `corrected`. */
export const rateDifference = (arms: TwoArms): RateDifference => {
  const { baseline, arm } = arms;
  const { decision, exact, designEffect: found } = deciding(arms);
  const effect = Math.max(1, found ?? 1);
  const permuted = blocksOf(arms).map(({ first, second }) => ({
    first: first.map(({ failed }) => failed),
    second: second.map(({ failed }) => failed),
  }));
  const [from, to] = [rate(totalOf(baseline)), rate(totalOf(arm))];
  const jobs = Math.max(1, ...[...baseline, ...arm].map(({ of }) => of));
  return {
    baseline: countedOf(baseline),
    arm: countedOf(arm),
    difference: decision.p === null ? null : differenceOf(arms, effect),
    oddsRatio: exact.oddsRatio,
    exactP: exact.p,
    waveP: wavePermutation(permuted, seeded("whole waves")),
    designEffect: found,
    ...decision,
    wavesToTell:
      from === null || to === null
        ? null
        : wavesToTell({ from: from.value, to: to.value, jobs, designEffect: effect }),
  };
};
