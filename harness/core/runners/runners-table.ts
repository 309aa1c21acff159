/**
 * What a run says of its runners: what each costs and how well it works beside the harness's own calls, and when it
 * believed that its services were ready beside when they were.
 */
import { z } from "zod";
import type { JobHistory, RunHistory, Step } from "../history.ts";
import { burstOf, judgeArm, launchSkewOf, type JudgedWave } from "../judged-wave.ts";
import { rateSchema, spreadSchema } from "../measures.ts";
import { measuredRun } from "../measured-waves.ts";
import { formatMitigation } from "../mitigations.ts";
import { MODES, type Arm, type JobPlan, type OperationKind } from "../model.ts";
import { commandOf, isUse } from "../operations.ts";
import { plannedWaves } from "../planned.ts";
import { median, rate, sorted, spread } from "../statistics.ts";
import { RUNNERS, type RunnerName } from "./runner-names.ts";

const text = z.string();
const count = z.int().nonnegative();
const duration = z.number();

const runnerRowSchema = z.object({
  arm: text,
  runner: z.enum(RUNNERS),
  mode: z.enum(MODES),
  n: z.int().positive(),
  /** Of waves that ran to their end, without warm-ups. */
  jobs: count,
  failureRate: rateSchema,
  /** First to last of the jobs' first requests written, or processes started. */
  launchSkew: spreadSchema,
  burst: spreadSchema,
  /**
   * That one job starts: until it is ready, with the median of its OK jobs' polls, and to be removed; null where the
   * journal does not tell.
   */
  processes: z.object({ up: z.number(), down: count }).nullable(),
  /** Processor time of a job, the harness's own and that of all processes it started; one sample a finished wave. */
  processor: spreadSchema,
  /** Anonymous volumes that it left behind by itself, and that were removed for it. */
  volumesLeft: count,
  /** From the gate until the runner went on, median over OK jobs; null without one. */
  perceived: duration.nullable(),
  /** From the gate until the last service answered our own probes, the same. */
  ready: z
    .object({
      after: duration,
      /** In most jobs it answered our first probe: then it may have been ready before we looked. */
      upperBound: z.boolean(),
    })
    .nullable(),
  /** How much later the runner went on than it could have, median over OK jobs; negative: too early. */
  lag: duration.nullable(),
  /** The same without a runner, and this runner's medians as multiples of its; null where the run has none. */
  besideApi: z
    .object({ arm: text, burst: z.number().nullable(), processor: z.number().nullable() })
    .nullable(),
});
export type RunnerRow = z.infer<typeof runnerRowSchema>;

export const runnersTableSchema = z.object({
  /** In the order of the run's arms. */
  rows: z.array(runnerRowSchema),
});
export type RunnersTable = z.infer<typeof runnersTableSchema>;

const runnerOf = ({ runner = "api" }: Pick<Arm, "runner">): RunnerName => runner;

/** A runner's own wait for its services. */
const WAITS: ReadonlySet<OperationKind> = new Set(["health", "stack.up", "container.wait"]);

const lastOf = (steps: readonly Step[]): number | null =>
  steps.length === 0 ? null : Math.max(...steps.map(({ answeredAt }) => answeredAt));

interface Readiness {
  /** On the run's clock. */
  readonly perceivedAt: number;
  readonly readyAt: number;
  readonly answeredAtOnce: boolean;
}

/**
 * When the runner went on: after its wait; one that does not wait, after the last that it did before it would use the
 * services; ours waits by its probes.
 */
const perceivedAt = (
  { burst }: JobHistory,
  probes: readonly Step[],
  runner: RunnerName,
): number | null => {
  if (runner === "api") return lastOf(probes);
  const waits = burst.filter(({ operation }) => WAITS.has(operation));
  if (waits.length > 0) return lastOf(waits);
  return lastOf(burst.filter(({ operation }) => !isUse(operation)));
};

const readinessOf = (job: JobHistory, runner: RunnerName): readonly Readiness[] => {
  const probes = job.burst.filter(
    ({ operation, answer }) => operation === "ready" && answer.kind === "done",
  );
  const perceived = perceivedAt(job, probes, runner);
  const last = probes.toSorted((a, b) => a.answeredAt - b.answeredAt).at(-1);
  if (perceived === null || last === undefined) return [];
  const attempts = last.answer.kind === "done" ? (last.answer.attempts ?? 1) : 1;
  return [{ perceivedAt: perceived, readyAt: last.answeredAt, answeredAtOnce: attempts === 1 }];
};

/** Of one job, as far as its runner waits by processes. */
const pollsOf = ({ burst }: JobHistory): number =>
  burst.reduce((polls, { operation, answer }) => {
    if (operation !== "health" || !("measured" in answer)) return polls;
    const { measured } = answer;
    if (measured.kind !== "perceived") return polls;
    return polls + measured.services.reduce((sum, service) => sum + service.polls, 0);
  }, 0);

const commandsIn = (phases: JobPlan["phases"]): number =>
  phases.flat().filter((operation) => commandOf(operation) !== null).length;

const pollsByProcess = ({ phases }: JobPlan): boolean =>
  phases.flat().some((operation) => operation.kind === "health" && operation.byCli);

const medianOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : median(sorted(values));

interface OkJob {
  readonly job: JobHistory;
  readonly gateAt: number;
}

const okJobs = ({ wave, outcomes }: JudgedWave): readonly OkJob[] => {
  const { gateAt } = wave;
  if (gateAt === null) return [];
  return wave.jobs.flatMap((job, index) =>
    outcomes[index]?.outcome.status === "ok" ? [{ job, gateAt }] : [],
  );
};

const processesOf = (plan: JobPlan | null, ok: readonly OkJob[]): RunnerRow["processes"] => {
  if (plan === null) return null;
  const polls = pollsByProcess(plan) ? (medianOf(ok.map(({ job }) => pollsOf(job))) ?? 0) : 0;
  return { up: commandsIn(plan.phases) + polls, down: commandsIn(plan.teardown) };
};

const readyOf = (
  ok: readonly OkJob[],
  runner: RunnerName,
): Pick<RunnerRow, "perceived" | "ready" | "lag"> => {
  const seen = ok.flatMap(({ job, gateAt }) =>
    readinessOf(job, runner).map((each) => ({ ...each, gateAt })),
  );
  const after = medianOf(seen.map(({ readyAt, gateAt }) => readyAt - gateAt));
  return {
    perceived: medianOf(seen.map((each) => each.perceivedAt - each.gateAt)),
    ready:
      after === null
        ? null
        : {
            after,
            upperBound: 2 * seen.filter((each) => each.answeredAtOnce).length > seen.length,
          },
    lag: medianOf(seen.map((each) => each.perceivedAt - each.readyAt)),
  };
};

type RowAlone = Omit<RunnerRow, "besideApi">;

const rowOf = (run: RunHistory, arm: Arm, plan: JobPlan | null): RowAlone => {
  const finished = judgeArm(run, arm.id).filter((wave) => wave.finished);
  const outcomes = finished.flatMap((wave) => wave.outcomes);
  const failed = outcomes.filter(({ outcome }) => outcome.status === "failed").length;
  const ok = finished.flatMap(okJobs);
  const runner = runnerOf(arm);
  return {
    arm: arm.id,
    runner,
    mode: arm.mode,
    n: arm.n,
    jobs: outcomes.length,
    failureRate: rate({ failed, of: outcomes.length }),
    launchSkew: spread(finished.flatMap(({ wave }) => launchSkewOf(wave) ?? [])),
    burst: spread(finished.flatMap(({ wave }) => burstOf(wave) ?? [])),
    processes: processesOf(plan, ok),
    processor: spread(
      finished.flatMap(({ wave: { burstEnded, jobs } }) =>
        burstEnded === null || jobs.length === 0 ? [] : [burstEnded.processor / jobs.length],
      ),
    ),
    volumesLeft: finished.reduce(
      (left, { wave }) => left + (wave.ended?.leaked.volumes.length ?? 0),
      0,
    ),
    ...readyOf(ok, runner),
  };
};

/** What two arms have in common where only their runners differ. */
const keyOf = ({ scenario, profile, mode, n, ports, mitigation }: Arm): string =>
  JSON.stringify([
    ...[scenario, profile ?? null, mode, n, ports ?? null],
    mitigation === undefined ? null : formatMitigation(mitigation),
  ]);

type Measure = "burst" | "processor";

const ratio = (row: RowAlone, api: RowAlone, of: Measure): number | null => {
  const [own, other] = [row[of]?.median, api[of]?.median];
  return own === undefined || other === undefined || other === 0 ? null : own / other;
};

/** One job of each arm, as it was planned. */
const plansOf = (run: RunHistory): ReadonlyMap<string, JobPlan> => {
  // One wave of each arm suffices: a plan is as large as its run.
  const waves = plannedWaves(run, { waves: 1, warmups: 0 }) ?? [];
  return new Map(
    waves.flatMap(({ arm, jobs }) => (jobs[0] === undefined ? [] : [[arm, jobs[0]] as const])),
  );
};

/** Null where every job made the harness's own calls. */
export const runnersTable = (whole: RunHistory): RunnersTable | null => {
  const { arms } = whole.started;
  if (arms.every((arm) => runnerOf(arm) === "api")) return null;
  const run = measuredRun(whole);
  const plans = plansOf(run);
  const rows = arms.map((arm) => ({ arm, row: rowOf(run, arm, plans.get(arm.id) ?? null) }));
  return {
    rows: rows.map(({ arm, row }): RunnerRow => {
      const api = rows.find(
        (each) => runnerOf(each.arm) === "api" && keyOf(each.arm) === keyOf(arm),
      );
      if (row.runner === "api" || api === undefined) return { ...row, besideApi: null };
      return {
        ...row,
        besideApi: {
          arm: api.arm.id,
          burst: ratio(row, api.row, "burst"),
          processor: ratio(row, api.row, "processor"),
        },
      };
    }),
  };
};
