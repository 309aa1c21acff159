/**
 * At which night did a series change its level? The best way to cut it into stretches of one level each, found
 * exactly, and how often nights in random order would have given as good a reason to cut.
 *
 * Nights differ by more than their jobs do (a busy machine, another kernel's mood), so no distribution is trusted
 * for what is significant: the nights themselves are shuffled, which keeps whatever spread they have.
 *
 * @see Jackson et al., "An algorithm for optimal partitioning of data on an interval", IEEE Signal Process. Lett.
 *   12 (2005), 105–108; Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991), 301–304
 */
import { holm } from "./fisher.ts";
import { seeded, shuffled, type Random } from "./random.ts";
import { median, sorted, sum } from "./statistics.ts";

/** Nights below which nothing is said: of seven, not even 3 against 4 can be told from chance at 5 %. */
export const FEWEST_NIGHTS = 8;

/** One night alone is an accident until a second one says the same. */
const SHORTEST_STRETCH = 2;

/** A change that chance makes in fewer than one of twenty series. */
const SIGNIFICANT = 0.05;

const SHUFFLES = 499;
/** When so many shuffles did as well, p is above 0.05 whatever the others do, and the rest is spared. */
const ENOUGH_EXCEEDED = 25;

/** What a cut has to bring, in units of a χ² of one degree of freedom; the best of n places for one exceeds 2 ln n. */
const penaltyOf = (nights: number): number => 3 * Math.log(nights);

/**
 * How well one level fits the nights from ≤ i < to, on a scale on which cutting a stretch that has no change in it
 * brings about as much as a χ² of one degree of freedom. Cutting never makes it worse.
 */
type Fit = (from: number, to: number) => number;

/** Failed jobs of all jobs of a night. */
export interface NightCount {
  readonly failed: number;
  readonly of: number;
}

/** Of ranks: that of a pair of neighbours in the order. */
const LEAST_VARIANCE = 0.25;

/** Running totals: the sum over from ≤ i < to is the difference of two. */
const totals = (values: readonly number[]): Float64Array => {
  const running = new Float64Array(values.length + 1);
  for (const [index, value] of values.entries()) {
    running[index + 1] = (running[index] ?? 0) + value;
  }
  return running;
};

const between = (running: Float64Array, from: number, to: number): number =>
  (running[to] ?? 0) - (running[from] ?? 0);

/** x ln x, continued to 0. */
const xlogx = (x: number): number => (x > 0 ? x * Math.log(x) : 0);

/** Of the steps between neighbouring nights, the share that may be changes of level and not scatter. */
const TRIMMED = 0.1;

/** A step from one night to the next, squared, and what would be expected of it. */
interface Step {
  readonly seen: number;
  readonly expected: number;
}

/**
 * How many times larger the steps are than expected, without the largest of them: a change of level is one large
 * step, and must not pass for scatter. Null where no step was to be expected.
 */
const scatter = (steps: readonly Step[]): number | null => {
  const possible = steps.filter(({ expected }) => expected > 0);
  possible.sort((a, b) => a.seen / a.expected - b.seen / b.expected);
  const kept = possible.slice(0, possible.length - Math.ceil(TRIMMED * steps.length));
  const expected = sum(kept.map((step) => step.expected));
  return expected === 0 ? null : sum(kept.map(({ seen }) => seen)) / expected;
};

const stepsOf = <Night>(
  nights: readonly Night[],
  step: (before: Night, night: Night) => Step,
): readonly Step[] => nights.slice(1).map((night, index) => step(nights[index] ?? night, night));

/** How many times wider the nights scatter than their jobs' number explains; at least 1. */
const dispersion = (nights: readonly NightCount[]): number => {
  const steps = stepsOf(nights, (before, night) => {
    const pooled = (before.failed + night.failed) / (before.of + night.of);
    return {
      seen: (before.failed / before.of - night.failed / night.of) ** 2,
      expected: pooled * (1 - pooled) * (1 / before.of + 1 / night.of),
    };
  });
  return Math.max(1, scatter(steps) ?? 1);
};

/** Twice the binomial log-likelihood at the stretch's own rate, shrunk by the nights' scatter. */
const countFit = (nights: readonly NightCount[]): Fit => {
  const failed = totals(nights.map((night) => night.failed));
  const of = totals(nights.map((night) => night.of));
  const scale = 2 / dispersion(nights);
  return (from, to) => {
    const bad = between(failed, from, to);
    const all = between(of, from, to);
    return scale * (xlogx(bad) + xlogx(all - bad) - xlogx(all));
  };
};

/** Ranks from 1; equal values share the mean of theirs. */
const ranksOf = (values: readonly number[]): readonly number[] => {
  const order = values.map((value, index) => ({ value, index }));
  order.sort((a, b) => a.value - b.value);
  const ranks = values.map(() => 0);
  for (let first = 0; first < order.length;) {
    let next = first;
    while (next < order.length && order[next]?.value === order[first]?.value) next += 1;
    for (const { index } of order.slice(first, next)) ranks[index] = (first + next + 1) / 2;
    first = next;
  }
  return ranks;
};

/**
 * Twice the normal log-likelihood of the nights' ranks. Only the order of the values counts: a night of thrice the
 * usual time weighs no more than the slowest ordinary one, and whether times or their logarithms are taken is the
 * same.
 */
const rankFit = (values: readonly number[]): Fit => {
  const ranks = ranksOf(values);
  const running = totals(ranks.map((rank) => rank - (values.length + 1) / 2));
  const variance = scatter(
    stepsOf(ranks, (before, rank) => ({ seen: (before - rank) ** 2, expected: 2 })),
  );
  // Of values that take turns in groups of equals, the scatter within them is less than can be.
  const scale = Math.max(LEAST_VARIANCE, variance ?? 0);
  return (from, to) => between(running, from, to) ** 2 / ((to - from) * scale);
};

interface Partition {
  /** The first night of every level but the first. */
  readonly cuts: readonly number[];
  /** By how much this fits better than one level, less the penalty for every cut; 0 without cuts. */
  readonly gain: number;
}

/** The best of all ways to cut, by dynamic programming over where the last stretch begins. */
const bestPartition = (nights: number, fit: Fit): Partition => {
  const penalty = penaltyOf(nights);
  const best = new Float64Array(nights + 1).fill(-Infinity);
  const lastCut = new Int32Array(nights + 1);
  best[0] = 0;
  for (let to = SHORTEST_STRETCH; to <= nights; to += 1) {
    for (let from = 0; from <= to - SHORTEST_STRETCH; from += 1) {
      const reached = (best[from] ?? -Infinity) + fit(from, to) - (from === 0 ? 0 : penalty);
      if (reached <= (best[to] ?? -Infinity)) continue;
      best[to] = reached;
      lastCut[to] = from;
    }
  }
  const cuts: number[] = [];
  for (let cut = lastCut[nights] ?? 0; cut > 0; cut = lastCut[cut] ?? 0) cuts.unshift(cut);
  return { cuts, gain: cuts.length === 0 ? 0 : (best[nights] ?? 0) - fit(0, nights) };
};

interface Split {
  readonly at: number;
  readonly gain: number;
}

/** The best place for one cut. */
const bestSplit = (nights: number, fit: Fit): Split => {
  const whole = fit(0, nights);
  let found: Split = { at: 0, gain: 0 };
  for (let at = SHORTEST_STRETCH; at <= nights - SHORTEST_STRETCH; at += 1) {
    const gain = fit(0, at) + fit(at, nights) - whole;
    if (gain > found.gain) found = { at, gain };
  }
  return found;
};

/** Rounding must not make a shuffle look worse than the series that it equals. */
const TOLERANCE = 1e-9;

/** How likely nights in random order do as well, by the given measure. */
const shuffledP = <Night>(
  nights: readonly Night[],
  measure: (nights: readonly Night[]) => number,
  random: Random,
): number => {
  const observed = measure(nights) - TOLERANCE;
  let exceeded = 0;
  for (let shuffle = 1; shuffle <= SHUFFLES; shuffle += 1) {
    if (measure(shuffled(nights, random)) >= observed) exceeded += 1;
    if (exceeded === ENOUGH_EXCEEDED) return exceeded / shuffle;
  }
  return (exceeded + 1) / (SHUFFLES + 1);
};

export interface Change<Level> {
  /** The first night of the new level, from 0. */
  readonly at: number;
  /** Over the nights since the change before, and until the next. */
  readonly before: Level;
  readonly after: Level;
  /** How often shuffled nights between the neighbouring changes show as clear a change somewhere; Holm-adjusted. */
  readonly p: number;
}

interface Series<Night, Level> {
  readonly nights: readonly Night[];
  readonly fitOf: (nights: readonly Night[]) => Fit;
  readonly levelOf: (nights: readonly Night[]) => Level;
}

/** A cut, and the stretches on both sides of it. */
interface Cut {
  readonly from: number;
  readonly at: number;
  readonly to: number;
}
interface Standing extends Cut {
  readonly p: number;
}

const around = (cuts: readonly number[], end: number): readonly Cut[] =>
  cuts.map((at, index) => ({ from: cuts[index - 1] ?? 0, at, to: cuts[index + 1] ?? end }));

/** The cuts that stand by themselves: the weakest is taken back, one at a time, until each is significant. */
const significant = <Night, Level>(
  series: Series<Night, Level>,
  cuts: readonly number[],
  random: Random,
): readonly Standing[] => {
  const { nights, fitOf } = series;
  const found = around(cuts, nights.length);
  const gainOf = (stretch: readonly Night[]): number =>
    bestSplit(stretch.length, fitOf(stretch)).gain;
  const ps = holm(found.map(({ from, to }) => shuffledP(nights.slice(from, to), gainOf, random)));
  const weakest = ps.reduce((most, p) => Math.max(most, p), 0);
  if (weakest <= SIGNIFICANT) return found.map((each, index) => ({ ...each, p: ps[index] ?? 1 }));
  return significant(
    series,
    cuts.filter((_, index) => index !== ps.indexOf(weakest)),
    random,
  );
};

const changesIn = <Night, Level>(
  series: Series<Night, Level>,
  seed: string,
): readonly Change<Level>[] => {
  const { nights, fitOf, levelOf } = series;
  if (nights.length < FEWEST_NIGHTS) return [];
  const { cuts } = bestPartition(nights.length, fitOf(nights));
  if (cuts.length === 0) return [];
  const random = seeded(seed);
  // First the whole series: whatever is found in it, only one of twenty that have no change gets past here.
  const gainOf = (some: readonly Night[]): number => bestPartition(some.length, fitOf(some)).gain;
  if (shuffledP(nights, gainOf, random) > SIGNIFICANT) return [];
  return significant(series, cuts, random).map(({ from, at, to, p }) => ({
    at,
    before: levelOf(nights.slice(from, at)),
    after: levelOf(nights.slice(at, to)),
    p,
  }));
};

/**
 * Where a failure rate changed.
 *
 * @param nights - oldest first; each with at least one job
 * @param seed - of the shuffles: the same nights and seed give the same answer
 * @throws RangeError for a night that is no count
 */
export const rateChanges = (
  nights: readonly NightCount[],
  seed: string,
): readonly Change<NightCount>[] => {
  const isCount = ({ failed, of }: NightCount): boolean =>
    Number.isInteger(failed) && Number.isInteger(of) && failed >= 0 && of > 0 && failed <= of;
  if (!nights.every(isCount)) throw new RangeError("not counts of failed jobs");
  const levelOf = (some: readonly NightCount[]): NightCount => ({
    failed: sum(some.map(({ failed }) => failed)),
    of: sum(some.map(({ of }) => of)),
  });
  return changesIn({ nights, fitOf: countFit, levelOf }, seed);
};

/**
 * Where a time changed. A level is the median of its nights.
 *
 * @param nights - oldest first, one value a night, in any unit
 * @throws RangeError for NaN
 */
export const timeChanges = (nights: readonly number[], seed: string): readonly Change<number>[] => {
  if (nights.some(Number.isNaN)) throw new RangeError("not times");
  const levelOf = (some: readonly number[]): number => median(sorted(some));
  return changesIn({ nights, fitOf: rankFit, levelOf }, seed);
};
