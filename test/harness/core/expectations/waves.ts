/**
 * Arms with waves, in a few words, and waves drawn by chance.
 */
import type { Arm, Mode } from "../../../../harness/core/model.ts";
import type { Random } from "../../../../harness/core/random.ts";
import type { ArmSamples, WaveSample } from "../../../../harness/core/wave-sample.ts";

export const armOf = (mode: Mode, n = 16, more: Partial<Arm> = {}): Arm => ({
  id: `${more.profile === undefined ? "" : `${more.profile}/`}${mode}/n${String(n)}`,
  scenario: "stacks",
  mode,
  n,
  ...more,
});

/** One wave a block; each given as what is not as usual: no failure, a burst of 20 s. */
export const samplesOf = (arm: Arm, waves: readonly Partial<WaveSample>[]): ArmSamples => ({
  arm,
  waves: waves.map((wave, index) => ({
    wave: index + 1,
    block: index + 1,
    jobs: arm.n,
    failed: 0,
    classes: {},
    burst: 20_000,
    okTimes: [],
    failTimes: [],
    ...wave,
  })),
});

/** As many waves with as many failures each. */
export const failing = (...failed: readonly number[]): readonly Partial<WaveSample>[] =>
  failed.map((amount) => ({ failed: amount, classes: amount === 0 ? {} : { unknown: amount } }));

export const lasting = (...bursts: readonly number[]): readonly Partial<WaveSample>[] =>
  bursts.map((burst) => ({ burst }));

/** How many of so many independent jobs fail. */
export const drawn = (
  random: Random,
  { of, rate }: { readonly of: number; readonly rate: number },
) => Array.from({ length: of }, () => random.next()).filter((value) => value < rate).length;
