/**
 * How often jobs had to ask: the curve of success by try, where a mitigation asks again for what was refused.
 */
import { z } from "zod";
import type { JobHistory, RunHistory } from "./history.ts";
import { judgeArm } from "./judged-wave.ts";
import { measuredRun } from "./measured-waves.ts";
import { rateSchema, type Rate } from "./measures.ts";
import { rate } from "./statistics.ts";

export const tryCurveSchema = z.object({
  arm: z.string(),
  /** Of waves that ran to their end, without warm-ups. */
  jobs: z.int().nonnegative(),
  /** Calls that were refused and made again. */
  repeated: z.int().nonnegative(),
  /** By how often any one call of the job had to be made, ascending, from 1 to the most that any job needed. */
  steps: z
    .array(
      z.object({
        tries: z.int().positive(),
        /** Jobs that were OK and needed exactly so many. */
        ok: z.int().nonnegative(),
        /**
         * Failures had nobody tried more often, with their interval. The other jobs are taken to have been as they
         * were; jobs of one wave are not independent, so the truth is wider.
         */
        failures: rateSchema,
      }),
    )
    .readonly(),
  /** Jobs that failed all the same. */
  never: z.int().nonnegative(),
});
export type TryCurve = z.infer<typeof tryCurveSchema>;

/** The most that any one call of the job was tried; 1 where nothing was tried again. */
const triesOf = ({ burst }: JobHistory): number =>
  burst.reduce((most, { try: number }) => Math.max(most, number), 1);

const failuresUpTo = (okTries: readonly number[], tries: number, jobs: number): Rate =>
  rate({ failed: jobs - okTries.filter((needed) => needed <= tries).length, of: jobs });

const curveOf = (run: RunHistory, id: string): TryCurve => {
  const finished = judgeArm(run, id).filter((wave) => wave.finished);
  const jobs = finished.flatMap(({ wave, outcomes }) =>
    wave.jobs.map((job, index) => ({ job, status: outcomes[index]?.outcome.status })),
  );
  const okTries = jobs.flatMap(({ job, status }) => (status === "ok" ? [triesOf(job)] : []));
  const most = Math.max(1, ...okTries);
  return {
    arm: id,
    jobs: jobs.length,
    repeated: jobs.reduce(
      (total, { job }) => total + job.burst.filter(({ again }) => again).length,
      0,
    ),
    steps: Array.from({ length: most }, (_, index) => ({
      tries: index + 1,
      ok: okTries.filter((needed) => needed === index + 1).length,
      failures: failuresUpTo(okTries, index + 1, jobs.length),
    })),
    never: jobs.length - okTries.length,
  };
};

/** One curve for each arm in which anything was tried again, in the order of the run's. */
export const tryCurves = (run: RunHistory): readonly TryCurve[] => {
  const measured = measuredRun(run);
  return run.started.arms
    .map(({ id }) => curveOf(measured, id))
    .filter(({ repeated }) => repeated > 0);
};
