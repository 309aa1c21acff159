/**
 * Failure rates held against a rate, and against each other.
 */
import type { CountedWave } from "../comparison/design-effect.ts";
import type { WaveSample } from "../wave-sample.ts";
import { sum } from "../statistics.ts";
import { count } from "../units.ts";
import { confidenceText, shareText, type Alphas, type Finding } from "./finding.ts";
import { highest, lowest, missing, shareOf, type Share } from "./share.ts";

/** Failed jobs of a class, of a family (`port.*`), or of any. */
const failedIn = ({ failed, classes }: WaveSample, name: string | null): number => {
  if (name === null) return failed;
  const prefix = name.endsWith(".*") ? name.slice(0, -1) : null;
  const counts = Object.entries(classes).flatMap(([each, jobs]) =>
    each === name || (prefix !== null && each.startsWith(prefix)) ? [jobs] : [],
  );
  return sum(counts);
};

/** Null where no wave has finished. */
export const failureShare = (waves: readonly WaveSample[], name: string | null): Share | null =>
  shareOf(waves.map((wave): CountedWave => ({ failed: failedIn(wave, name), of: wave.jobs })));

const observed = ({ failed, of }: Share): string =>
  `${String(failed)} of ${count(of, "job")} failed`;

/** What the bounds rest on, where it is not obvious. */
const basis = ({ failed, of, waves, designEffect }: Share): string => {
  if (failed === 0) return "; without a failure, jobs count as independent";
  if (waves === 1) return "; one wave, which counts as one trial";
  if (designEffect === null || of === waves) return "";
  return `; design effect ${String(Number(Math.max(1, designEffect).toPrecision(2)))}`;
};

const wanting = (share: Share, { limit, alpha }: { limit: number; alpha: number }): string => {
  if (share.failed / share.of >= limit) return "";
  const more = missing(share, { limit, alpha });
  if (more === null) return "";
  const waves = Math.ceil(more / (share.of / share.waves));
  return `; about ${count(more, "more clean job")} (${count(waves, "wave")}) would show that it is below`;
};

/** @param limit - above 0, below 1 */
export const rateAgainst = (share: Share, limit: number, alphas: Alphas): Finding => {
  const [low, high] = [lowest(share, alphas.above), highest(share, alphas.below)];
  const side = high < limit ? "below" : low > limit ? "above" : null;
  const what = observed(share);
  switch (side) {
    case "below":
      return {
        side,
        words: `${what}: at most ${shareText(high)}, with ${confidenceText(alphas.below)} confidence${basis(share)}`,
      };
    case "above":
      return {
        side,
        words: `${what}: at least ${shareText(low)}, with ${confidenceText(alphas.above)} confidence${basis(share)}`,
      };
    case null:
      return {
        side,
        words: `${what}, which allows ${shareText(low)} to ${shareText(high)}${wanting(share, { limit, alpha: alphas.below })}${basis(share)}`,
      };
  }
};

/** The right side of a comparison: `factor × share + margin`. */
export interface OtherRate {
  readonly share: Share;
  /** What it is, in words. */
  readonly name: string;
  readonly factor: number;
  readonly margin: number;
}

const differenceText = (value: number): string =>
  `${value < 0 ? "−" : "+"}${shareText(Math.abs(value)).replace(" %", "")} points`;

/**
 * Bounds of `share − factor × other`, put together from the bounds of both, each of which allows for its waves.
 *
 * @see Zou and Donner, Statistics in Medicine 27 (2008), 1693–1702, for putting bounds together
 */
export const rateAgainstRate = (share: Share, other: OtherRate, alphas: Alphas): Finding => {
  const { factor, margin, name } = other;
  const [one, two] = [share.failed / share.of, other.share.failed / other.share.of];
  const difference = one - factor * two;
  const high =
    difference +
    Math.hypot(
      highest(share, alphas.below) - one,
      factor * (two - lowest(other.share, alphas.below)),
    );
  const low =
    difference -
    Math.hypot(
      one - lowest(share, alphas.above),
      factor * (highest(other.share, alphas.above) - two),
    );
  const side = high < margin ? "below" : low > margin ? "above" : null;
  const times = factor === 1 ? "" : `${String(factor)} × `;
  const what = `${observed(share)}, ${observed(other.share)} in ${name}; the difference to ${times}the latter is `;
  switch (side) {
    case "below":
      return {
        side,
        words: `${what}at most ${differenceText(high)}, with ${confidenceText(alphas.below)} confidence`,
      };
    case "above":
      return {
        side,
        words: `${what}at least ${differenceText(low)}, with ${confidenceText(alphas.above)} confidence`,
      };
    case null: {
      const hint =
        two === 0 && margin === 0 ? "; nothing is below 0 %: add a margin, like + 1%" : "";
      return {
        side,
        words: `${what}between ${differenceText(low)} and ${differenceText(high)}${hint}`,
      };
    }
  }
};
