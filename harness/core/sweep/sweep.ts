/**
 * A run over several numbers of jobs, as curves: one for each mode, engine and mitigation. Pure, so that any recorded
 * run can be looked at this way.
 */
import { z } from "zod";
import type { EngineFacts } from "../events.ts";
import type { RunHistory, WaveHistory } from "../history.ts";
import { rateSchema, spreadSchema } from "../measures.ts";
import { MODES, type Arm } from "../model.ts";
import { samplesOf } from "../samples.ts";
import { rate, spread, sum } from "../statistics.ts";
import type { ArmSamples } from "../wave-sample.ts";
import { failureCurve, failureCurveSchema } from "./logistic.ts";
import { onset, onsetSchema } from "./onset.ts";
import { burstTimes, burstTimesSchema, type WaveTimes } from "./serial-share.ts";

const text = z.string();
const count = z.int().nonnegative();

const pointSchema = z.object({
  n: z.int().positive(),
  /** Waves that ran to their end, and those planned. */
  waves: z.object({ finished: count, planned: count }),
  jobs: count,
  failed: count,
  /** With its Wilson interval; jobs of one wave are not independent, so the truth is wider. */
  rate: rateSchema,
  /** Milliseconds from the gate to the last job's end, of all waves. */
  burst: spreadSchema,
  /** Mean milliseconds of a wave's `network.create` calls that were done. */
  networkCreate: spreadSchema,
});
export type SweepPoint = z.infer<typeof pointSchema>;

const curveSchema = z.object({
  /** The id of its arms without N: `wide-pools/ports/retry:3`. */
  id: text,
  mode: z.enum(MODES),
  /** Null where the run has one engine and no profile. */
  profile: text.nullable(),
  /** Version of the engine, and processors of the machine it is on. */
  engine: text,
  cores: z.int(),
  /** In ascending order of N. */
  points: z.array(pointSchema),
  onset: onsetSchema,
  failures: failureCurveSchema,
  /** Null where fewer than two numbers of jobs have a wave without failures. */
  times: burstTimesSchema.nullable(),
});
export type SweepCurve = z.infer<typeof curveSchema>;

/** Durations are milliseconds, rates and shares fractions of 1. */
export const sweepSchema = z.object({
  schema: z.literal("stress.sweep/1"),
  run: text,
  seed: text,
  simulated: z.boolean(),
  /** Version of the first engine. */
  engine: text,
  /** `unknown`: a wave that was planned did not run to its end, or of a mode's failures nothing clear can be said. */
  verdict: z.enum(["measured", "unknown"]),
  curves: z.array(curveSchema),
});
export type Sweep = z.infer<typeof sweepSchema>;

/** What an arm has in common with those that differ from it in N alone. */
const curveOf = ({ id, n }: Arm): string =>
  id
    .split("/")
    .filter((part) => part !== `n${String(n)}`)
    .join("/");

const networkCreate = ({ jobs }: WaveHistory): number | null => {
  const times = jobs.flatMap(({ burst }) =>
    burst.flatMap(({ operation, answer, invokedAt, answeredAt }) =>
      operation === "network.create" && answer.kind === "done" ? [answeredAt - invokedAt] : [],
    ),
  );
  return times.length === 0 ? null : sum(times) / times.length;
};

interface MeasuredArm {
  readonly arm: Arm;
  readonly waves: readonly WaveTimes[];
}

const measured = ({ arm, waves }: ArmSamples, run: RunHistory): MeasuredArm => ({
  arm,
  waves: waves.map(({ wave, jobs, failed, burst }) => {
    const told = run.waves.find(({ started }) => started.wave === wave);
    const creates = told === undefined ? null : networkCreate(told);
    return { n: jobs, failed, burst, networkCreate: creates };
  }),
});

const pointOf = ({ arm, waves }: MeasuredArm, planned: number): SweepPoint => {
  const jobs = sum(waves.map(({ n }) => n));
  const failed = sum(waves.map((wave) => wave.failed));
  return {
    n: arm.n,
    waves: { finished: waves.length, planned },
    jobs,
    failed,
    rate: rate({ failed, of: jobs }),
    burst: spread(waves.map(({ burst }) => burst)),
    networkCreate: spread(waves.flatMap((wave) => wave.networkCreate ?? [])),
  };
};

const engineOf = ({ started, engines }: RunHistory, { profile }: Arm): EngineFacts =>
  engines.find((each) => each.profile === (profile ?? null))?.engine ?? started.engine;

/** That nothing failed, or everything, is something; that some did here and there is not. */
const verdictOf = (curves: readonly SweepCurve[]): Sweep["verdict"] =>
  curves.every(
    ({ points, failures }) =>
      failures.kind !== "unclear" && points.every(({ waves }) => waves.finished >= waves.planned),
  )
    ? "measured"
    : "unknown";

export const sweepOf = (run: RunHistory): Sweep => {
  const { started } = run;
  const planned = started.request?.waves ?? Math.ceil(started.waves / started.arms.length);
  const curves = new Map<string, MeasuredArm[]>();
  for (const samples of samplesOf(run)) {
    const id = curveOf(samples.arm);
    curves.set(id, [...(curves.get(id) ?? []), measured(samples, run)]);
  }
  const told = [...curves].flatMap(([id, unordered]): SweepCurve[] => {
    const arms = unordered.toSorted((a, b) => a.arm.n - b.arm.n);
    const [first] = arms;
    if (first === undefined) return [];
    const waves = arms.flatMap((arm) => arm.waves);
    const engine = engineOf(run, first.arm);
    const points = arms.map((arm) => pointOf(arm, planned));
    return [
      {
        id,
        mode: first.arm.mode,
        profile: first.arm.profile ?? null,
        engine: engine.version,
        cores: engine.cores,
        points,
        onset: onset(points.map(({ n, failed, jobs }) => ({ n, failed, of: jobs }))),
        failures: failureCurve(waves),
        times: burstTimes(waves, `${started.seed}/${id}`),
      },
    ];
  });
  return {
    schema: "stress.sweep/1",
    run: started.run,
    seed: started.seed,
    simulated: started.engine.simulated,
    engine: started.engine.version,
    verdict: verdictOf(told),
    curves: told,
  };
};
