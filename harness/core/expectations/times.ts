/**
 * Quantiles of durations held against a duration, and against each other.
 */
import { mannWhitney, smallestRankP } from "../comparison/rank-sum.ts";
import { unreachable } from "../errors.ts";
import type { WaveSample } from "../wave-sample.ts";
import { median, quantile, sorted } from "../statistics.ts";
import { count } from "../units.ts";
import type { Time } from "./expectation.ts";
import { confidenceText, timeText, type Alphas, type Finding } from "./finding.ts";
import { highest, lowest, missing, shareOf, type Share } from "./share.ts";

/** Milliseconds by wave; a wave has one burst, and of the others as many as it has such jobs. */
export type Durations = readonly (readonly number[])[];

const durationsIn = (wave: WaveSample, of: Time): readonly number[] => {
  switch (of) {
    case "burst":
      return [wave.burst];
    case "ok":
      return wave.okTimes;
    case "failed":
      return wave.failTimes;
    default:
      return unreachable(of);
  }
};

/** Null where nothing was measured. */
export const durationsOf = (waves: readonly WaveSample[], of: Time): Durations | null => {
  const durations = waves.map((wave) => durationsIn(wave, of)).filter(({ length }) => length > 0);
  return durations.length === 0 ? null : durations;
};

/** What is asked of a sample: its quantile, and what its values are called. */
export interface Asked {
  readonly percent: number;
  readonly of: Time;
}

/** What the durations belong to: a burst is a wave's, the others are a job's. */
const unitOf = (of: Time): string =>
  ({ burst: "wave", ok: "OK job", failed: "failed job" })[of satisfies Time];

const nameOf = (percent: number): string => (percent === 50 ? "median" : `p${String(percent)}`);

/** The share of values that lie beyond a quantile. */
const beyond = (percent: number): number => (100 - percent) / 100;

const shareWhere = (durations: Durations, where: (value: number) => boolean): Share | null =>
  shareOf(durations.map((wave) => ({ failed: wave.filter(where).length, of: wave.length })));

const observed = (durations: Durations, { percent, of }: Asked): string => {
  const all = sorted(durations.flat());
  return `${nameOf(percent)} ${timeText(quantile(all, percent / 100))} of ${count(all.length, unitOf(of))}`;
};

const nothing: Finding = { side: null, words: "nothing was measured" };

/**
 * A quantile is below a limit where the share of values from the limit on is below what may lie beyond the quantile: for
 * independent values this is the bound by order statistics, and 59 waves are the fewest that show anything of a p95
 * at 95 %. Jobs of a wave count for as much as they are worth.
 *
 * @see Woodruff, J. Amer. Statist. Assoc. 47 (1952), 635–646
 */
export const timeAgainst = (
  durations: Durations,
  question: Asked & { readonly limit: number },
  alphas: Alphas,
): Finding => {
  const { percent, of, limit } = question;
  const share = shareWhere(durations, (value) => value >= limit);
  if (share === null) return nothing;
  const allowed = beyond(percent);
  const took = `${String(share.failed)} of ${count(share.of, unitOf(of))} took ${timeText(limit)} or more`;
  const what = `${observed(durations, question)}; ${took}`;
  if (highest(share, alphas.below) < allowed) {
    return {
      side: "below",
      words: `${what}: below it, with ${confidenceText(alphas.below)} confidence`,
    };
  }
  if (lowest(share, alphas.above) > allowed) {
    return {
      side: "above",
      words: `${what}: not below it, with ${confidenceText(alphas.above)} confidence`,
    };
  }
  const more =
    share.failed / share.of < allowed
      ? missing(share, { limit: allowed, alpha: alphas.below })
      : null;
  const need =
    more === null ? "" : `; about ${count(more, `more ${unitOf(of)}`)} below it would show it`;
  return { side: null, words: `${what}${need}` };
};

/**
 * Where a predicate of ascending values becomes true and stays so, the index; their number where it never does.
 */
const firstIndex = (length: number, isTrue: (index: number) => boolean): number => {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** What the quantile is at most; infinite where there are too few values to say. */
const highestQuantile = (durations: Durations, percent: number, alpha: number): number => {
  const values = sorted(durations.flat());
  const index = firstIndex(values.length, (at) => {
    const limit = values[at] ?? Infinity;
    const share = shareWhere(durations, (value) => value > limit);
    return share !== null && highest(share, alpha) <= beyond(percent);
  });
  return values[index] ?? Infinity;
};

/** What it is at least; 0 where there are too few. */
const lowestQuantile = (durations: Durations, percent: number, alpha: number): number => {
  const values = sorted(durations.flat());
  const index = firstIndex(values.length, (at) => {
    const limit = values[at] ?? Infinity;
    const share = shareWhere(durations, (value) => value >= limit);
    return share === null || lowest(share, alpha) < beyond(percent);
  });
  return values[index - 1] ?? 0;
};

/** The right side of a comparison: `factor × quantile + margin`. */
export interface OtherTime extends Asked {
  readonly durations: Durations;
  /** What it is, in words. */
  readonly name: string;
  readonly factor: number;
  readonly margin: number;
}

const rightText = ({ factor, margin }: OtherTime): string =>
  `${factor === 1 ? "" : `${String(factor)} × `}the latter${margin === 0 ? "" : ` + ${timeText(margin)}`}`;

const MOST_WAVES = 1000;

/** Waves on either side below which ranks show nothing at this level. */
const fewestWaves = (alpha: number): number => {
  let waves = 1;
  while (smallestRankP(waves, waves) / 2 > alpha && waves < MOST_WAVES) waves += 1;
  return waves;
};

/** One value a wave: the values of a wave are not independent. */
const perWave = (durations: Durations): readonly number[] =>
  durations.map((wave) => median(sorted(wave)));

/**
 * Medians, by Mann and Whitney's test at the bound: whether the waves of one side lie below those of the other, these
 * stretched and moved by what the bound says. It takes both sides for the same distribution, stretched or moved, and so
 * tells from three waves of each what bounds of the medians themselves tell from a dozen.
 */
const medianAgainst = (durations: Durations, other: OtherTime, alphas: Alphas): Finding => {
  const [first, second] = [perWave(durations), perWave(other.durations)];
  const bounds = second.map((value) => other.factor * value + other.margin);
  const signs = first.flatMap((x) => bounds.map((y) => Math.sign(x - y)));
  const lean = signs.reduce((a, b) => a + b, 0);
  const p = mannWhitney(first, bounds) / 2;
  const side =
    lean < 0 && p <= alphas.below ? "below" : lean > 0 && p <= alphas.above ? "above" : null;
  const alpha = Math.min(alphas.below, alphas.above);
  const tooFew = smallestRankP(first.length, second.length) / 2 > alpha;
  const need = tooFew ? `; it takes ${String(fewestWaves(alpha))} waves of each` : "";
  const verdict =
    side === null ? `not told from ${rightText(other)}` : `${side} ${rightText(other)}`;
  return { side, words: `${verdict} (Mann–Whitney, one-sided p ${pText(p)})${need}` };
};

const pText = (p: number): string => (p < 0.0001 ? "< 0.0001" : String(Number(p.toPrecision(2))));

/** Other quantiles, from the bounds of both, as rates are compared. */
const quantileAgainst = (
  durations: Durations,
  { percent, other }: { readonly percent: number; readonly other: OtherTime },
  alphas: Alphas,
): Finding => {
  const at = (sample: Durations, p: number): number => quantile(sorted(sample.flat()), p / 100);
  const { factor, margin } = other;
  const [one, two] = [at(durations, percent), at(other.durations, other.percent)];
  const difference = one - factor * two - margin;
  const up = Math.hypot(
    highestQuantile(durations, percent, alphas.below) - one,
    factor * (two - lowestQuantile(other.durations, other.percent, alphas.below)),
  );
  const down = Math.hypot(
    one - lowestQuantile(durations, percent, alphas.above),
    factor * (highestQuantile(other.durations, other.percent, alphas.above) - two),
  );
  const side = difference + up < 0 ? "below" : difference - down > 0 ? "above" : null;
  if (side !== null) {
    const confidence = confidenceText(alphas[side]);
    return { side, words: `${side} ${rightText(other)}, with ${confidence} confidence` };
  }
  const bounded = Number.isFinite(up) && Number.isFinite(down);
  const fewest = Math.ceil(Math.log(alphas.below) / Math.log(percent / 100));
  const need = bounded ? "" : `; a bound takes ${String(fewest)} of each`;
  return { side, words: `not told from ${rightText(other)}${need}` };
};

export const timeAgainstTime = (
  { durations, ...asked }: Asked & { readonly durations: Durations },
  other: OtherTime,
  alphas: Alphas,
): Finding => {
  const { percent } = asked;
  const medians = percent === 50 && other.percent === 50;
  const finding = medians
    ? medianAgainst(durations, other, alphas)
    : quantileAgainst(durations, { percent, other }, alphas);
  const what = `${observed(durations, asked)}, ${observed(other.durations, other)} in ${other.name}`;
  return { side: finding.side, words: `${what}; ${finding.words}` };
};
