/**
 * The waves of two arms that are held against one another.
 */
import type { WaveSample } from "../wave-sample.ts";
import { median, sorted } from "../statistics.ts";
import { rateDifference, type BlockedWave, type RateDifference } from "./rate-difference.ts";
import { timeDifference, type TimeDifference } from "./time-difference.ts";

export interface Sides {
  readonly baseline: readonly WaveSample[];
  readonly arm: readonly WaveSample[];
}

/** @param failed - how many jobs of a wave count as failed */
export const ratesOf = (
  { baseline, arm }: Sides,
  failed: (wave: WaveSample) => number,
): RateDifference => {
  const counted = (waves: readonly WaveSample[]): readonly BlockedWave[] =>
    waves.map((wave) => ({ block: wave.block, failed: failed(wave), of: wave.jobs }));
  return rateDifference({ baseline: counted(baseline), arm: counted(arm) });
};

/** @param times - milliseconds of a wave: their median counts, and a wave without any does not */
export const timesOf = (
  { baseline, arm }: Sides,
  times: (wave: WaveSample) => readonly number[],
): TimeDifference => {
  const medians = (waves: readonly WaveSample[]): readonly number[] =>
    waves.flatMap((wave) => {
      const own = times(wave);
      return own.length === 0 ? [] : [median(sorted(own))];
    });
  return timeDifference({ baseline: medians(baseline), arm: medians(arm) });
};
