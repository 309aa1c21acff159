/**
 * Injected against attributed: what became of every fault whose truth is known, and how well the causes that were
 * named fit. Pure, so that an old run is scored again when attribution has learned something.
 */
import { judgeArm } from "./judged-wave.ts";
import { z } from "zod";
import { type Attribution, attributionOf, looksAt } from "./attribute.ts";
import { operationOf, plannedWave, plannedWaves } from "./planned.ts";
import { CAUSE_NAMES, type Cause } from "./causes.ts";
import { unreachable } from "./errors.ts";
import type { EventOf } from "./events.ts";
import { forwardNamedIn } from "./forward-named.ts";
import type { JobHistory, RunHistory, WaveHistory } from "./history.ts";
import type { JobPlan, WavePlan } from "./model.ts";
import { NEMESIS_KINDS, type InjectedFault } from "./nemesis.ts";
import { failureOf, finalFailureOf, type JobFailure } from "./outcome.ts";
import { portRetries } from "./port-retries.ts";
import { portNamedIn } from "./questions.ts";
import { wilson } from "./statistics.ts";

const count = z.int().nonnegative();
const cause = z.enum(CAUSE_NAMES);

/**
 * `met`: some call was refused by it, whether or not a further try mended that. `absorbed`: the daemon ran into it and
 * went round it, so that no job did. `untouched`: nobody ran into it.
 */
const FATES = ["met", "absorbed", "untouched"] as const;
type Fate = (typeof FATES)[number];

/** A share with its Wilson 95 % interval, as fractions of 1; null where there is nothing to divide by. */
const shareSchema = z
  .object({
    hits: count,
    of: z.int().positive(),
    value: z.number(),
    low: z.number(),
    high: z.number(),
  })
  .nullable();
export type Share = z.infer<typeof shareSchema>;

const scoredFaultSchema = z.object({
  id: z.string(),
  wave: z.int().positive(),
  kind: z.enum(NEMESIS_KINDS),
  /** `port 61003`, `container stress-…`, `the address pools`, `the daemon`, `the harness`. */
  target: z.string(),
  /** Null for what leaves nobody to look. */
  truth: cause.nullable(),
  /** How it was made, for people. */
  note: z.string(),
  fate: z.enum(FATES),
  /** Of a fault that was met and has a truth: what the failures by it were attributed to. */
  score: z.enum(["right", "wrong", "open"]).nullable(),
  /** The cause of one of these failures: of a wrong one, if there is one. */
  attributed: cause.nullable(),
  /** The evidence of that one, in words. */
  sentence: z.string().nullable(),
});
export type ScoredFault = z.infer<typeof scoredFaultSchema>;

const causeScoreSchema = z.object({
  cause,
  /** Of the faults with this truth that were met: how many were attributed to it. */
  sensitivity: shareSchema,
  /** Of all other failures, by other faults or by none: how many were not. */
  specificity: shareSchema,
});
export type CauseScore = z.infer<typeof causeScoreSchema>;

export const calibrationSchema = z.object({
  injected: count,
  fates: z.object({ met: count, absorbed: count, untouched: count }),
  scores: z.object({ right: count, wrong: count, open: count }),
  /**
   * Jobs that no fault hit, how many of these failed, and how many of those were attributed to a cause of the kind
   * that is injected. On an engine and a machine that are not quiet these causes may be real.
   */
  bystanders: z.object({ jobs: count, failed: count, accused: count }),
  /** Failures on ports that something else held before the wave's faults were injected; they count nowhere else. */
  foreign: z.object({ failed: count, ports: z.array(z.int()) }).default({ failed: 0, ports: [] }),
  /** Whether these count as false positives: nothing but the faults can have been the cause. */
  quiet: z.boolean(),
  /** Over all faults that were met. */
  sensitivity: shareSchema,
  /** Over all bystanders that failed: only a failure is attributed at all. Null also unless quiet. */
  specificity: shareSchema,
  /** Every truth that was injected, and every cause of an accusation. */
  causes: z.array(causeScoreSchema),
  /** Truth against what it was attributed to, of all that failed; `truth` null: bystanders, `attributed` null: open. */
  confusion: z.array(
    z.object({ truth: cause.nullable(), attributed: cause.nullable(), cases: z.int().positive() }),
  ),
  faults: z.array(scoredFaultSchema),
});
export type Calibration = z.infer<typeof calibrationSchema>;

/** What a nemesis can be the truth of; other causes are never an accusation. */
const INJECTABLE: ReadonlySet<Cause> = new Set<Cause>([
  "outbound_connection",
  "host_listener",
  "time_wait",
  "other_engine",
  "leaked_forward",
  "subnets_taken",
  "name_taken",
  "daemon_paused",
  "daemon_gone",
]);

interface FailedJob {
  readonly wave: WaveHistory;
  readonly job: JobHistory;
  /** Null where the journal does not tell. */
  readonly plan: JobPlan | null;
  readonly failure: JobFailure;
  readonly looks: readonly EventOf<"looked">[];
  readonly attribution: Attribution;
}

/** What the job failed by, and before it every refusal that a further try has mended or not. */
const failuresOf = (job: JobHistory): readonly JobFailure[] => {
  const triedAgain = job.burst
    .filter(({ again }) => again)
    .flatMap((step) => failureOf(step) ?? []);
  return [...triedAgain, ...[finalFailureOf(job)].filter((each) => each !== null)];
};

const failedJobs = (run: RunHistory, plans: readonly WavePlan[] | null): readonly FailedJob[] =>
  run.waves.flatMap((wave) => {
    const planned = plannedWave(plans, wave);
    return wave.jobs.flatMap((job) => {
      const where = { started: run.started, job: job.id, wave, planned };
      const plan = planned?.jobs.find(({ id }) => id === job.id) ?? null;
      return failuresOf(job).map((failure) => ({
        ...{ wave, job, plan, failure },
        looks: looksAt(wave, job.id, failure.step),
        attribution: attributionOf(failure, where),
      }));
    });
  });

/** Two containers that ask for the same port get this from the daemon's own table, whoever holds it on the host. */
const isOwnTable = ({ failure }: FailedJob): boolean => failure.class === "port.already_allocated";

/** Whether it was the operation on this very name that failed, whatever its words were taken for. */
const isOnName = ({ failure, plan }: FailedJob, name: string): boolean => {
  if (failure.step.operation !== "container.create") return false;
  const operation = plan === null ? null : operationOf(plan, failure.step);
  return operation !== null && "container" in operation
    ? operation.container === name
    : failure.message.includes(name);
};

/** Whether a daemon that is stopped or gone can have failed it: no answer, or a service that did not come up. */
const isOfDaemon = ({ failure }: FailedJob): boolean =>
  failure.class.startsWith("daemon.") ||
  failure.class.startsWith("readiness.") ||
  failure.step.answer.kind === "unknown";

/** The port that a job failed over; `null` if it failed over something else, or the words name none. */
const portOf = ({ failure, looks }: FailedJob): number | null => {
  if (!failure.class.startsWith("port.")) return null;
  const [look, ...others] = looks.flatMap(({ sight }) => (sight.about === "port" ? [sight] : []));
  return portNamedIn(failure.message) ?? (others.length === 0 ? (look?.port ?? null) : null);
};

/** Whether a job failed by this fault: over its very target, in its wave, and not before it stood. */
const isBy = (failed: FailedJob, { wave, at, fault }: EventOf<"fault.injected">): boolean => {
  if (failed.wave.started.wave !== wave || failed.failure.step.answeredAt < at) return false;
  const { looks, failure } = failed;
  const { target } = fault;
  switch (target.of) {
    case "port":
      if (!failure.class.startsWith("port.") || isOwnTable(failed)) return false;
      return (
        portNamedIn(failure.message) === target.port ||
        forwardNamedIn(failure.message, failed.wave)?.parentPort === target.port ||
        looks.some(({ sight }) => sight.about === "port" && sight.port === target.port)
      );
    case "name":
      return isOnName(failed, target.name);
    case "subnets":
      return failure.class === "network.subnet_exhausted";
    case "daemon":
      return isOfDaemon(failed);
    case "runner":
      return false;
    default:
      return unreachable(target);
  }
};

/** The daemon went round a port by itself, as its log says; or it was stopped, and nobody's patience ended. */
const isAbsorbed = ({ target }: InjectedFault, wave: WaveHistory): boolean => {
  if (target.of === "daemon") return true;
  if (target.of !== "port" || wave.log === null) return false;
  return portRetries(wave.log.lines).some(
    ({ port, words }) => (port ?? forwardNamedIn(words, wave)?.parentPort) === target.port,
  );
};

const targetText = ({ target }: InjectedFault): string => {
  switch (target.of) {
    case "port":
      return `port ${String(target.port)}`;
    case "name":
      return `container ${target.name}`;
    case "subnets":
      return "the address pools";
    case "daemon":
      return "the daemon";
    case "runner":
      return "the harness";
    default:
      return unreachable(target);
  }
};

const scoreOf = (
  truth: Cause,
  by: readonly FailedJob[],
): Pick<ScoredFault, "score" | "attributed" | "sentence"> => {
  const wrong = by.find(({ attribution }) => ![truth, null].includes(attribution.cause));
  const open = by.find(({ attribution }) => attribution.cause === null);
  const shown = wrong ?? open ?? by[0];
  return {
    score: wrong !== undefined ? "wrong" : open !== undefined ? "open" : "right",
    attributed: shown?.attribution.cause ?? null,
    sentence: shown?.attribution.sentence ?? null,
  };
};

const UNSCORED = { score: null, attributed: null, sentence: null } as const;

const scoreFault = (
  event: EventOf<"fault.injected">,
  wave: WaveHistory,
  { ended }: RunHistory,
  by: readonly FailedJob[],
): ScoredFault => {
  const { fault } = event;
  const { id, kind, truth, note } = fault;
  const common = { id, wave: event.wave, kind, target: targetText(fault), truth, note };
  const isMet = by.length > 0 || (fault.target.of === "runner" && ended === "killed");
  if (isMet) {
    return { ...common, fate: "met", ...(truth === null ? UNSCORED : scoreOf(truth, by)) };
  }
  return { ...common, fate: isAbsorbed(fault, wave) ? "absorbed" : "untouched", ...UNSCORED };
};

const shareOf = (hits: number, of: number): Share =>
  of === 0 ? null : { hits, of, value: hits / of, ...wilson({ failed: hits, of }) };

/** One failure that was attributed, with its truth: a fault that was met, or a job that none hit. */
interface Case {
  readonly truth: Cause | null;
  readonly attributed: Cause | null;
}

/** How many jobs ended well. */
const countOk = (run: RunHistory): number => {
  const arms = new Set(run.waves.map(({ started }) => started.arm));
  return [...arms]
    .flatMap((arm) => judgeArm(run, arm))
    .flatMap(({ outcomes }) => outcomes)
    .filter(({ outcome }) => outcome.status === "ok").length;
};

/** A cause that only a fault can have been. */
const isAccusation = ({ attributed }: Case): boolean =>
  attributed !== null && INJECTABLE.has(attributed);

const confusionOf = (cases: readonly Case[]): Calibration["confusion"] => {
  const counts = new Map<string, Case & { cases: number }>();
  for (const { truth, attributed } of cases) {
    const key = `${truth ?? ""}/${attributed ?? ""}`;
    const entry = counts.get(key) ?? { truth, attributed, cases: 0 };
    counts.set(key, { ...entry, cases: entry.cases + 1 });
  }
  const place = (name: Cause | null): number =>
    name === null ? CAUSE_NAMES.length : CAUSE_NAMES.indexOf(name);
  return [...counts.values()].sort(
    (a, b) => place(a.truth) - place(b.truth) || place(a.attributed) - place(b.attributed),
  );
};

const causeScores = (cases: readonly Case[]): readonly CauseScore[] => {
  const named = new Set(
    cases.flatMap((each) => [each.truth, isAccusation(each) ? each.attributed : null]),
  );
  return CAUSE_NAMES.filter((name) => named.has(name)).map((name) => {
    const positives = cases.filter(({ truth }) => truth === name);
    const negatives = cases.filter(({ truth }) => truth !== name);
    const hits = positives.filter(({ attributed }) => attributed === name).length;
    const spared = negatives.filter(({ attributed }) => attributed !== name).length;
    return {
      cause: name,
      sensitivity: shareOf(hits, positives.length),
      specificity: shareOf(spared, negatives.length),
    };
  });
};

/**
 * Scores the faults of a run; null for a run into which none was injected.
 *
 * @param quiet - nothing but the faults can have been in a job's way, so that every other accusation is false
 * @param plans - the run's waves as planned, where the caller has them already
 * @param heldBefore - by wave, the ports that were in use before its faults were injected, where that was looked at
 */
export const calibrationOf = (
  run: RunHistory,
  {
    quiet,
    plans = plannedWaves(run),
    heldBefore = new Map(),
  }: {
    readonly quiet: boolean;
    readonly plans?: readonly WavePlan[] | null;
    readonly heldBefore?: ReadonlyMap<number, ReadonlySet<number>>;
  },
): Calibration | null => {
  const injected = run.waves.flatMap((wave) => wave.faults.map((event) => ({ wave, event })));
  if (injected.length === 0) return null;
  const failed = failedJobs(run, plans);
  const hit = new Set<FailedJob>();
  const faults = injected.map(({ wave, event }) => {
    const by = failed.filter((each) => isBy(each, event));
    for (const each of by) hit.add(each);
    return scoreFault(event, wave, run, by);
  });
  const met = faults.filter(({ score }) => score !== null);
  const isForeign = (each: FailedJob): boolean => {
    const port = portOf(each);
    return port !== null && heldBefore.get(each.wave.started.wave)?.has(port) === true;
  };
  const unhit = failed.filter((each) => !hit.has(each));
  const foreign = unhit.filter(isForeign);
  const bystanders = unhit
    .filter((each) => !isForeign(each))
    .map(({ attribution }): Case => ({ truth: null, attributed: attribution.cause }));
  const accused = bystanders.filter(isAccusation).length;
  const cases = [
    ...met.map(({ truth, attributed }): Case => ({ truth, attributed })),
    ...(quiet ? bystanders : []),
  ];
  const fated = (fate: Fate): number => faults.filter((each) => each.fate === fate).length;
  const scored = (score: ScoredFault["score"]): number =>
    faults.filter((each) => each.score === score).length;
  return {
    injected: faults.length,
    fates: { met: fated("met"), absorbed: fated("absorbed"), untouched: fated("untouched") },
    scores: { right: scored("right"), wrong: scored("wrong"), open: scored("open") },
    bystanders: { jobs: countOk(run) + bystanders.length, failed: bystanders.length, accused },
    foreign: {
      failed: foreign.length,
      ports: [...new Set(foreign.flatMap((each) => portOf(each) ?? []))].toSorted((a, b) => a - b),
    },
    quiet,
    sensitivity: shareOf(scored("right"), met.length),
    specificity: quiet ? shareOf(bystanders.length - accused, bystanders.length) : null,
    causes: [...causeScores(cases)],
    confusion: [...confusionOf(cases)],
    faults,
  };
};
