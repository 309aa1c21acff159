/**
 * What a comparison will cost, before it is made: `stress plan`.
 */
import { z } from "zod";
import { designEffect as designEffectOf } from "../comparison/design-effect.ts";
import type { RunHistory } from "../history.ts";
import type { Arm, Mode } from "../model.ts";
import { samplesOf } from "../samples.ts";
import { median, sorted, sum } from "../statistics.ts";
import { cleanBound, wavesNeeded, type Rates } from "./power.ts";

const number = z.number();

/** What is known of runs like the one that is planned. */
const experienceSchema = z.object({
  /** Milliseconds for one wave of each of the two arms, teardown included. */
  block: number,
  /** At least 1. */
  designEffect: number,
  /** Where the two are from, in words. */
  blockFrom: z.string(),
  designEffectFrom: z.string(),
});
export type Experience = z.infer<typeof experienceSchema>;

/** Schema `stress.plan-of-waves/1`. Durations are milliseconds, rates and shares fractions of 1. */
export const planOfWavesSchema = z.object({
  schema: z.literal("stress.plan-of-waves/1"),
  detect: z.object({ first: number, second: number }),
  /** Of a wave. */
  jobs: z.int().positive(),
  alpha: number,
  power: number,
  ...experienceSchema.shape,
  /** Null where ten thousand waves are not enough. */
  needed: z
    .object({
      /** Of each arm. */
      waves: z.int().positive(),
      jobs: z.int().positive(),
      power: number,
      duration: number,
      /** If none of an arm's jobs fails, its rate is at most this, at 95 %. */
      cleanBound: number,
    })
    .nullable(),
});
export type PlanOfWaves = z.infer<typeof planOfWavesSchema>;

export const planOfWaves = (
  question: {
    readonly rates: Rates;
    readonly jobs: number;
    readonly alpha: number;
    readonly power: number;
  },
  experience: Experience,
): PlanOfWaves => {
  const { rates, jobs, alpha, power } = question;
  const needed = wavesNeeded({ ...question, designEffect: experience.designEffect });
  return {
    schema: "stress.plan-of-waves/1",
    detect: { first: rates.first, second: rates.second },
    jobs,
    alpha,
    power,
    ...experience,
    needed:
      needed === null
        ? null
        : {
            waves: needed.waves,
            jobs: needed.waves * jobs,
            power: needed.power,
            duration: needed.waves * experience.block,
            cleanBound: cleanBound(needed.waves * jobs),
          },
  };
};

/** From the start of a wave to the end of its teardown. */
const periodsOf = ({ waves }: RunHistory, arm: Arm): readonly number[] =>
  waves.flatMap(({ started, ended }) =>
    started.arm === arm.id && started.block > 0 && ended !== null ? [ended.at - started.at] : [],
  );

/** The arms of a run that are like those planned. */
export const armsLike = (
  run: RunHistory,
  { jobs, modes }: { readonly jobs: number; readonly modes: readonly Mode[] },
): readonly Arm[] =>
  run.started.arms.filter(
    ({ n, mode }) => n === jobs && (modes.length === 0 || modes.includes(mode)),
  );

/**
 * What a run teaches about the next; null where none of these arms finished a wave.
 *
 * @param arms - of that run
 */
export const experienceOf = (run: RunHistory, arms: readonly Arm[]): Experience | null => {
  const medians = arms.flatMap((arm) => {
    const periods = periodsOf(run, arm);
    return periods.length === 0 ? [] : [median(sorted(periods))];
  });
  if (medians.length === 0) return null;
  const counted = samplesOf(run)
    .filter(({ arm }) => arms.some(({ id }) => id === arm.id))
    .map(({ waves }) => waves.map(({ failed, jobs }) => ({ failed, of: jobs })));
  const effect = designEffectOf(counted);
  const ids = arms.map(({ id }) => id).join(", ");
  const from = `run ${run.started.run}: ${ids}`;
  return {
    // Of two arms, whatever their number in that run.
    block: (2 * sum(medians)) / medians.length,
    blockFrom: from,
    designEffect: Math.max(1, effect ?? 1),
    designEffectFrom: effect === null ? `${from}; its waves do not tell` : from,
  };
};
