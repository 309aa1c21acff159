import { planOfWavesJson, planOfWavesText } from "../../../reports/plan-of-waves.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { armsLike, experienceOf, planOfWaves } from "../../core/expectations/plan-of-waves.ts";
import type { Experience } from "../../core/expectations/plan-of-waves.ts";
import type { Rates } from "../../core/expectations/power.ts";
import type { Mode } from "../../core/model.ts";
import type { Millis } from "../../core/units.ts";
import { recordedRun } from "../recorded-run.ts";
import type { Shell } from "../shell.ts";

export interface PlanOptions {
  readonly rates: Rates;
  /** Of a wave. */
  readonly jobs: number;
  readonly power: number;
  readonly alpha: number;
  /** Null: that of `from`, or 1. */
  readonly designEffect: number | null;
  /** Null: that of `from`, or the assumed one. */
  readonly waveTime: Millis | null;
  readonly assumedWaveTime: Millis;
  readonly from: string | null;
  /** Empty: all modes. */
  readonly modes: readonly Mode[];
  readonly out: string;
  readonly json: boolean;
}

/** What a run teaches. @throws StressError("usage") where it has no such arm, or none that finished a wave */
const learned = ({ jobs, modes, out }: PlanOptions, name: string): Experience => {
  const run = recordedRun({ run: name, out });
  const arms = armsLike(run, { jobs, modes });
  const experience = experienceOf(run, arms);
  if (experience !== null) return experience;
  const there = run.started.arms.map(({ id }) => id).join(", ");
  throw new StressError(
    "usage",
    `--from ${name}: no arm like this has finished a wave (--n ${String(jobs)}); its arms are ${there}`,
  );
};

const experienceFor = (options: PlanOptions): Experience => {
  const { designEffect, waveTime, assumedWaveTime, from } = options;
  const run = from === null ? null : learned(options, from);
  const given = "as given";
  const assumed = "assumed: --from RUN takes those of a run like it";
  return {
    block: waveTime === null ? (run?.block ?? 2 * assumedWaveTime) : 2 * waveTime,
    blockFrom: waveTime === null ? (run?.blockFrom ?? assumed) : given,
    designEffect: designEffect ?? run?.designEffect ?? 1,
    designEffectFrom:
      designEffect === null
        ? (run?.designEffectFrom ?? "assumed, as if jobs were independent")
        : given,
  };
};

/** `stress plan`: what it takes to tell two failure rates apart. It starts nothing. */
export const planCommand = (options: PlanOptions, shell: Pick<Shell, "print">): number => {
  const plan = planOfWaves(options, experienceFor(options));
  shell.print(options.json ? planOfWavesJson(plan) : planOfWavesText(plan));
  return EXIT.holds;
};
