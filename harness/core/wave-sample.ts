/**
 * What the statistics count: one row a wave, since the jobs of a wave are not independent of one another.
 */
import { z } from "zod";
import { armSchema } from "./arms.ts";

const count = z.int().nonnegative();
const durations = z.array(z.number()).readonly();

const waveSampleSchema = z
  .object({
    /** Number in its run. */
    wave: z.int().positive(),
    /** The waves of one block, one of each arm, ran close to one another. */
    block: z.int().positive(),
    jobs: count,
    failed: count,
    /** Failed jobs by the class of their failure. */
    classes: z.record(z.string(), count).readonly(),
    /** Milliseconds, gate to the last job that was ready or had failed. */
    burst: z.number(),
    /** Milliseconds from the gate to a job's end, of jobs that were OK and of those that failed. */
    okTimes: durations,
    failTimes: durations,
  })
  .readonly();
/** A wave that ran to its end. */
export type WaveSample = z.infer<typeof waveSampleSchema>;

export const armSamplesSchema = z
  .object({
    arm: armSchema,
    /** In the order of the run; finished ones only, without warm-ups. */
    waves: z.array(waveSampleSchema).readonly(),
  })
  .readonly();
export type ArmSamples = z.infer<typeof armSamplesSchema>;
