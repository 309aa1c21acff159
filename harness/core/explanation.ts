/**
 * One failed job, explained: what it asked, what was answered, who held what, what to change, and how sure that is.
 * Plain data: reports render it, and `stress explain --json` prints it.
 */
import { z } from "zod";
import { type Attribution, attributionOf, looksAt } from "./attribute.ts";
import { adviceFor, CAUSE_NAMES, CAUSES, CERTAINTIES, type Cause } from "./causes.ts";
import { CLASSES, type FailureClass, type Retry } from "./classes.ts";
import { causeOf, classifyAnswer } from "./classify.ts";
import { template } from "./clusters.ts";
import { typedCommand } from "./docker-command.ts";
import { engineFactsSchema, type EventOf } from "./events.ts";
import { sightSchema, type Sight } from "./evidence.ts";
import type { JobHistory, RunHistory, Step, WaveHistory } from "./history.ts";
import { knownProblems, RETRYING_VERSIONS, retriesAddPort } from "./known-engines.ts";
import { netnsRestoreLines } from "./known-log-lines.ts";
import { portRetries } from "./port-retries.ts";
import { portNamedIn } from "./questions.ts";
import { logSliceSchema, logSlices, type LogSlice } from "./log-slice.ts";
import { MODES, type Arm, type JobPlan, type Operation, type OperationKind } from "./model.ts";
import { letsDaemonChoose } from "./modes.ts";
import { faultSchema } from "./nemesis.ts";
import { isOneRequest, isProbe } from "./operations.ts";
import { outcomeOf, proofOf, type JobFailure, type Outcome } from "./outcome.ts";
import { wavesInAll } from "./measured-waves.ts";
import { profileOfArm } from "./per-profile.ts";
import { operationOf, plannedJob, plannedWaves, plannedWave } from "./planned.ts";
import { count, formatMillis } from "./units.ts";

const text = z.string();
/** Milliseconds. */
const duration = z.number();
const texts = z.array(text).readonly();

const askedSchema = z.object({
  operation: text,
  /** Null for network operations. */
  service: text.nullable(),
  /** As the docker command line that makes the call; null for what is no call, and where the journal does not tell. */
  command: texts.nullable(),
  /** In words, where there is no command. */
  words: text,
  /** 2, 3, … where a mitigation asked again. */
  try: z.int().positive(),
  /** Since the gate opened. */
  at: duration,
  took: duration,
  answer: z.enum(["done", "refused", "timeout", "cancelled", "connection-lost"]),
  /** HTTP status of a refusal by the daemon. */
  status: z.int().nullable(),
  /** This is where the job failed. */
  failed: z.boolean(),
});
export type Asked = z.infer<typeof askedSchema>;

const saidSchema = z.object({
  by: z.enum(["daemon", "service", "transport", "harness"]),
  /** Raw and whole. */
  message: text,
  /** The innermost cause, one plain line. */
  cause: text,
  class: text,
  meaning: text,
  retry: text,
  /** Where the words come from; null where no signature was needed or none fits. */
  source: z.object({ repository: text, file: text, versions: text }).nullable(),
});

const lookSchema = z.object({
  /** From the failure to the beginning of the look, and how long it took. */
  after: duration,
  took: duration,
  sight: sightSchema,
});

const pageSchema = z.object({
  job: text,
  /** Other jobs of the same profile and mode that failed by the same class and cause and have no page. */
  alike: texts,
  /** The same, of warm-up waves. */
  alikeInWarmups: texts,
  wave: z.int().positive(),
  /** The wave is a warm-up: it counts in no rate. */
  warmup: z.boolean(),
  /** `null` in a run without profiles. */
  profile: text.nullable(),
  /** The engine that this job ran on. */
  engine: engineFactsSchema,
  arm: text,
  mode: z.enum(MODES),
  /** Jobs released at once. */
  n: z.int().positive(),
  outcome: z.enum(["ok", "failed", "unfinished"]),
  /** E.g. `START_FAIL_mysql`; null for a job that did not fail. */
  label: text.nullable(),
  /** What all its names begin with. */
  name: text,
  /** On the run's clock, which the log's lines are told by. */
  gateAt: duration,
  asked: z.array(askedSchema).readonly(),
  /** Operations of its plan that it did not come to; null where the plan is not known. */
  notReached: z.int().nonnegative().nullable(),
  /** Operations that were begun and have no answer. */
  pending: z.int().nonnegative(),
  /** Calls of other jobs that the daemon had and had not answered when the failed one was sent, by kind. */
  inFlight: z.record(text, z.int().positive()),
  said: saidSchema.nullable(),
  looks: z.array(lookSchema).readonly(),
  because: z
    .object({
      cause: z.enum(CAUSE_NAMES).nullable(),
      certainty: z.enum(CERTAINTIES),
      sentence: text,
      /** Of the cause; null without one. */
      meaning: text.nullable(),
    })
    .nullable(),
  /** Null where there is no log, or nothing failed. */
  log: logSliceSchema.nullable(),
  /** Trouble that was made on purpose in this wave. */
  faults: z.array(faultSchema).readonly(),
  /** What to change, the likeliest to help first. */
  change: texts,
  /** How sure all this is, and what could not be seen. */
  sureness: texts,
});
export type Page = z.infer<typeof pageSchema>;

/** What `stress explain --json` prints. */
export const explanationSchema = z.object({
  schema: z.literal("stress.explanation/1"),
  tool: text,
  run: text,
  /** Wall clock, ISO 8601, UTC. */
  startedAt: text,
  /** Of a run with profiles, the first engine; each page has its own. */
  engine: engineFactsSchema,
  /** Waves of the run, started or not. */
  waves: z.int().positive(),
  jobs: z.object({ ok: z.int(), failed: z.int(), unfinished: z.int() }),
  pages: z.array(pageSchema).readonly(),
});
export type Explanation = z.infer<typeof explanationSchema>;

const probeWords = (operation: Extract<Operation, { kind: "ready" | "identity" }>): string => {
  const { kind, service, access } = operation;
  const where =
    access.via === "host"
      ? `${service}, on its published port ${String(access.containerPort)}`
      : `${access.host}:${String(access.port)}, from the job container`;
  return kind === "ready" ? `wait for ${where}` : `look for foreign data in ${where}`;
};

const answerOf = ({ answer }: Step): Asked["answer"] =>
  answer.kind === "unknown" ? answer.reason : answer.kind;

const askedBy = (
  step: Step,
  context: { readonly gate: number; readonly plan: JobPlan | null; readonly failed: Step | null },
): Asked => {
  const operation = context.plan === null ? null : operationOf(context.plan, step);
  const probe = operation !== null && isProbe(operation) ? operation : null;
  const { answer } = step;
  return {
    operation: step.operation,
    service: step.service,
    command: operation === null ? null : typedCommand(operation),
    words: probe !== null ? probeWords(probe) : `${step.operation} ${step.service ?? ""}`.trim(),
    try: step.try,
    at: step.invokedAt - context.gate,
    took: step.answeredAt - step.invokedAt,
    answer: answerOf(step),
    status: answer.kind === "refused" ? (answer.status ?? null) : null,
    failed: step === context.failed,
  };
};

/** Written and not yet answered at the instant at which this step's request was sent. */
const inFlightWith = (wave: WaveHistory, job: string, step: Step): Page["inFlight"] => {
  const at = step.writtenAt ?? step.invokedAt;
  const kinds = wave.jobs
    .filter(({ id }) => id !== job)
    .flatMap(({ burst }) => burst)
    .filter(
      (other) =>
        isOneRequest(other.operation) &&
        other.writtenAt !== null &&
        other.writtenAt <= at &&
        other.answeredAt > at,
    )
    .map(({ operation }) => operation);
  const counts = new Map<OperationKind, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
};

const saidOf = ({ class: name, message, step }: JobFailure): Page["said"] => {
  const { answer, operation } = step;
  const { meaning, retry } = CLASSES[name];
  const signature = classifyAnswer(answer, operation)?.signature ?? null;
  return {
    by: answer.kind === "refused" ? answer.by : "harness",
    message,
    cause: causeOf(message),
    class: name,
    meaning,
    retry,
    source:
      signature === null
        ? null
        : {
            repository: signature.repository,
            file: signature.file,
            versions: signature.versions,
          },
  };
};

/** Whether repeating helps, in words; null where nothing is to be said of it. */
const RETRY_WORDS: Readonly<Record<Retry, string | null>> = {
  yes: "repeating the call is sensible: this passes",
  once: "repeat the call once: a second failure of the kind will stay",
  "if-dynamic": null,
  "after-cleanup": "repeat the call after cleaning up, not before",
  "after-daemon-restart": "repeat the call after the daemon was restarted, not before",
  later: "repeat the call later",
  "less-concurrency": "repeat with fewer jobs at once",
  "check-state-first": "look whether it was carried out before repeating the call",
  wait: "wait: what was asked for is under way",
  maybe: null,
  no: "repeating the same call does not help",
};

const isPort = (name: FailureClass): boolean => name.startsWith("port.");

interface Failed {
  readonly run: RunHistory;
  readonly mode: Page["mode"];
  readonly failure: JobFailure;
  readonly attribution: Attribution;
  readonly looks: readonly EventOf<"looked">[];
  readonly log: LogSlice | null;
}

/** Which of the daemon's own tries was refused, by its log; null if that does not say it of this port. */
const triesOf = ({ failure, log }: Failed): number | null => {
  const port = portNamedIn(failure.message);
  const lines = (log?.lines ?? []).map(({ raw }) => raw);
  const tries = portRetries(lines).find((each) => port !== null && each.port === port);
  return tries?.attempt ?? null;
};

/** Where starting the same container again makes things worse. */
const startAgainAdvice = ({ run, failure }: Failed): readonly string[] =>
  failure.step.operation === "container.start"
    ? knownProblems(run.started.engine)
        .filter(({ id }) => id === "second-start-without-network")
        .map(({ versions, what, remedy }) => `Engine ${versions}: ${what}; ${remedy}`)
    : [];

const retryAdvice = (failed: Failed): readonly string[] => {
  const { run, mode, failure } = failed;
  const { retry } = CLASSES[failure.class];
  const dynamic = letsDaemonChoose(mode);
  if (retry !== "if-dynamic") {
    const words = RETRY_WORDS[retry];
    return words === null ? [] : [words];
  }
  const { version } = run.started.engine;
  const retries = retriesAddPort(version);
  if (!dynamic) {
    return ["repeating the start does not help while the port is held: it asks for a fixed port"];
  }
  const again =
    "removing the container, then creating and starting it again, is sensible: the daemon then chooses another port";
  if (retries === null) {
    return [`${again}; whether Engine ${version} does so itself is not known`];
  }
  const tries = triesOf(failed);
  return retries
    ? [
        `${again}; Engine ${version} has itself ` +
          (tries === null ? "tried up to ten" : `refused it after ${count(tries, "try", "tries")}`),
      ]
    : [`${again}; Engine ${version} does not do so itself (${RETRYING_VERSIONS} do)`];
};

/** Known problems of this engine that say the same words. */
const engineAdvice = ({ run, failure }: Failed): readonly string[] =>
  isPort(failure.class)
    ? knownProblems(run.started.engine)
        .filter(({ weight }) => weight === "problem")
        .map(({ versions, what, remedy }) => `Engine ${versions}: ${what}; ${remedy}`)
    : [];

/** Causes that the class already names, with advice that is more exact. */
const SAID_BY_CLASS: ReadonlySet<Cause> = new Set(["subnets_taken", "name_taken", "privileged"]);

/** Advice on a dynamic port, such as a port range for the daemon, is none on a port that is asked for by number. */
const ANOTHER_PORT = "publish another port, or let the daemon choose one";

const changesFor = (failed: Failed): readonly string[] => {
  const { cause } = failed.attribution;
  const dynamic = letsDaemonChoose(failed.mode);
  const facts = CLASSES[failed.failure.class];
  // Where the daemon may choose another port, the cause's advice and that on retries say it all.
  const byCause = cause !== null && facts.retry === "if-dynamic";
  const byClass = cause !== null && SAID_BY_CLASS.has(cause);
  return [
    ...new Set([
      ...(cause === null || byClass ? [] : [adviceFor(cause, { dynamic })]),
      ...(byCause ? [] : [facts.retry === "if-dynamic" && !dynamic ? ANOTHER_PORT : facts.advice]),
      ...retryAdvice(failed),
      ...startAgainAdvice(failed),
      ...engineAdvice(failed),
    ]),
  ];
};

/** What of a sight could not be read; a rootful engine has neither RootlessKit nor a namespace of its own. */
const unread = (sight: Sight, rootless: boolean): readonly string[] => {
  switch (sight.about) {
    case "port":
      return [
        ...(sight.host === null ? ["the host's sockets"] : []),
        ...(rootless && sight.engine === null ? ["the sockets in the daemon's namespace"] : []),
        ...(rootless && sight.forwards === null ? ["RootlessKit's forwards"] : []),
        ...(sight.containers === null ? ["the engine's containers"] : []),
        ...(sight.rules === null ? ["the NAT rules"] : []),
        ...(sight.otherEngines === null ? ["other engines on the machine"] : []),
      ];
    case "subnets":
      return sight.networks === null ? ["the engine's networks"] : [];
    case "name":
      return sight.holders === null ? ["who has the name"] : [];
    case "daemon":
      return sight.state === null ? ["the state of the daemon's process"] : [];
  }
};

const certaintyWords = ({ looks, attribution: { cause, certainty, after } }: Failed): string => {
  const when = after === null ? "" : ` ${formatMillis(after)} after the failure`;
  if (cause === "gone") {
    return `the look came too late${when === "" ? "" : `,${when}`}: who had it before is not known`;
  }
  switch (certainty) {
    case "shown":
      return `shown: the look saw it${when}`;
    case "inferred":
      return `inferred: it follows from what was seen${when}, and from how engines work`;
    case "open":
      return looks.length === 0
        ? "open: nothing but the message itself was looked at after the failure"
        : `open: what was seen${when} does not tell the cause`;
  }
};

const NOT_READ = "could not be read";

const looksWords = ({ looks, failure, run }: Failed): readonly string[] => {
  const { rootless } = run.started.engine;
  const missing = [...new Set(looks.flatMap(({ sight }) => unread(sight, rootless)))];
  return [
    ...(looks.length > 1 && isPort(failure.class)
      ? [
          `the words name no port: all ${String(looks.length)} that the container asks for were looked at`,
        ]
      : []),
    ...(missing.length === 0 ? [] : [`${missing.join(", ")} ${NOT_READ}`]),
  ];
};

const logWords = ({ log, run }: Failed): readonly string[] => {
  if (log === null) return [`the daemon's log ${NOT_READ}`];
  const byTime = log.lines.filter(({ joined }) => joined === "time").length;
  const noise = netnsRestoreLines(log.lines.map(({ raw }) => raw)).length;
  return [
    ...(byTime > 0 && log.others > 0
      ? [
          `${count(byTime, "log line")} joined by time alone: ${count(log.others, "other job")} had a call under way too`,
        ]
      : []),
    ...(noise > 0
      ? [
          `${count(noise, "log line")} about a thread's network namespace: noise on Engine ${run.started.engine.version}, not a cause`,
        ]
      : []),
  ];
};

const surenessOf = (failed: Failed): readonly string[] => {
  const { failure, run } = failed;
  return [
    certaintyWords(failed),
    ...(failure.class === "unknown" ? ["no signature fits the words: the class is not known"] : []),
    ...looksWords(failed),
    ...logWords(failed),
    ...(run.started.request === undefined
      ? ["the journal is of version 1: it does not hold the exact calls"]
      : []),
    ...(run.started.engine.simulated ? ["the engine was simulated"] : []),
  ];
};

/** A wave with what all its jobs are explained by. */
interface Setting {
  readonly run: RunHistory;
  readonly wave: WaveHistory;
  readonly mode: Page["mode"];
  readonly slices: readonly LogSlice[] | null;
  readonly plans: ReturnType<typeof plannedWaves>;
}

const failedPart = (job: JobHistory, failure: JobFailure, setting: Setting) => {
  const { run, wave, mode, slices } = setting;
  const { step } = failure;
  const looks = looksAt(wave, job.id, step);
  const attribution = attributionOf(failure, {
    started: run.started,
    job: job.id,
    wave,
    planned: plannedWave(setting.plans, wave),
  });
  const log = slices?.find((slice) => slice.job === job.id) ?? null;
  const failed: Failed = { run, mode, failure, attribution, looks, log };
  const { cause, certainty, sentence } = attribution;
  return {
    label: failure.label,
    inFlight: inFlightWith(wave, job.id, step),
    said: saidOf(failure),
    looks: looks.map(({ sight, at, beganAt, failedAt }) => ({
      after: beganAt - failedAt,
      took: at - beganAt,
      sight,
    })),
    because: {
      cause,
      certainty,
      sentence,
      meaning: cause === null ? null : CAUSES[cause].meaning,
    },
    log,
    change: changesFor(failed),
    sureness: surenessOf(failed),
  };
};

const NOTHING_FAILED = {
  label: null,
  inFlight: {},
  said: null,
  looks: [],
  because: null,
  log: null,
  change: [],
  sureness: [],
} as const;

/** Operations that the job came to, each counted once however often it was tried. */
const comeTo = ({ burst, pending }: JobHistory): number =>
  burst.filter(({ again }) => !again).length + pending;

const pageOf = (job: JobHistory, outcome: Outcome, setting: Setting): Page => {
  const { run, wave, mode, plans } = setting;
  const plan = plans === null ? null : plannedJob(plans, job.id);
  const gate = wave.gateAt ?? wave.started.at;
  const failure = outcome.status === "failed" ? outcome.failure : null;
  const failed = failure?.step ?? null;
  return {
    job: job.id,
    alike: [],
    alikeInWarmups: [],
    wave: wave.started.wave,
    warmup: wave.started.block === 0,
    profile: armOf(run, wave)?.profile ?? null,
    engine: run.started.engine,
    arm: wave.started.arm,
    mode,
    n: wave.jobs.length,
    outcome: outcome.status,
    name: `stress-${run.started.run}-${job.id}`,
    gateAt: gate,
    asked: job.burst.map((step) => askedBy(step, { gate, plan, failed })),
    notReached: plan === null ? null : plan.phases.flat().length - comeTo(job),
    pending: job.pending,
    faults: wave.faults.map(({ fault }) => fault),
    ...(failure === null ? NOTHING_FAILED : failedPart(job, failure, setting)),
  };
};

const armOf = ({ started }: RunHistory, { started: { arm } }: WaveHistory): Arm | undefined =>
  started.arms.find(({ id }) => id === arm);

/**
 * The same for jobs that failed by the same class and cause, whatever their numbers and names. Not for those of
 * another mode or engine: what helps with a fixed port does not with a dynamic one.
 */
const kindOf = ({ profile, mode, said, because }: Page, run: string): string =>
  JSON.stringify([
    profile,
    mode,
    said?.class,
    because?.cause,
    template(because?.sentence ?? "", run),
  ]);

/** The first job of each kind with the ids of the others. */
const grouped = (pages: readonly Page[], run: string): readonly Page[] => {
  const groups = new Map<string, { page: Page; others: Page[] }>();
  for (const page of pages) {
    const group = groups.get(kindOf(page, run));
    if (group === undefined) groups.set(kindOf(page, run), { page, others: [] });
    else group.others.push(page);
  }
  const jobsOf = (some: readonly Page[]) => some.map(({ job }) => job);
  return [...groups.values()].map(({ page, others }) => ({
    ...page,
    alike: jobsOf(others.filter(({ warmup }) => !warmup)),
    alikeInWarmups: jobsOf(others.filter(({ warmup }) => warmup)),
  }));
};

export type Wanted =
  /** One job, failed or not. */
  | { readonly job: string }
  /** Every failed job; `first`: one of each kind, with the others' names. */
  | { readonly failed: "all" | "first" };

/** @returns no page for a job that the run does not have */
export const explain = (run: RunHistory, wanted: Wanted): Explanation => {
  const { started } = run;
  const plans = plannedWaves(run);
  const jobs = { ok: 0, failed: 0, unfinished: 0 };
  // What failed while it counted comes first.
  const inOrder = run.waves.toSorted(
    (a, b) => Number(a.started.block === 0) - Number(b.started.block === 0),
  );
  const pages = inOrder.flatMap((wave) => {
    const sameArm = run.waves.filter(({ started: { arm } }) => arm === wave.started.arm);
    const proof = proofOf(
      started,
      sameArm.flatMap((each) => each.jobs),
    );
    const outcomes = wave.jobs.map((job) => ({ job, outcome: outcomeOf(job, proof) }));
    for (const { outcome } of outcomes) jobs[outcome.status] += 1;
    const chosen = outcomes.filter(({ job, outcome }) =>
      "job" in wanted ? job.id === wanted.job : outcome.status === "failed",
    );
    if (chosen.length === 0) return [];
    const setting: Setting = {
      run: profileOfArm(run, wave.started.arm),
      wave,
      mode: armOf(run, wave)?.mode ?? "ports",
      slices: logSlices(run, wave),
      plans,
    };
    return chosen.map(({ job, outcome }) => pageOf(job, outcome, setting));
  });
  return {
    schema: "stress.explanation/1",
    tool: started.tool,
    run: started.run,
    startedAt: started.startedAt,
    engine: started.engine,
    waves: wavesInAll(started),
    jobs,
    pages: "failed" in wanted && wanted.failed === "first" ? grouped(pages, started.run) : pages,
  };
};
