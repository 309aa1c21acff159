/**
 * From a journal to the summary that every report renders. Pure, so that an old run can be judged again when
 * the tool has learned to name something.
 */
import { attributionOf, type Attribution } from "./attribute.ts";
import { calibrationOf } from "./calibration.ts";
import { capacityCheck } from "./capacity-check.ts";
import { CERTAINTIES } from "./causes.ts";
import { template } from "./clusters.ts";
import { compareArms } from "./comparison/compare.ts";
import { datapathTable } from "./datapath/datapath-table.ts";
import type { EngineFacts, Event } from "./events.ts";
import { parseExpectation } from "./expectations/parse.ts";
import { evaluateAfter } from "./expectations/sequential.ts";
import { verdictOfExpectations } from "./expectations/verdict.ts";
import { history, type RunHistory, type WaveHistory } from "./history.ts";
import { burstOf, judgeArm, judgeWave, launchSkewOf, type JudgedWave } from "./judged-wave.ts";
import { netnsRestoreLines, portRetryLines } from "./known-log-lines.ts";
import type { Arm, OperationKind, WavePlan } from "./model.ts";
import { isOneRequest } from "./operations.ts";
import { failureOf, proofOf, type JobFailure } from "./outcome.ts";
import { plannedWave, plannedWaves } from "./planned.ts";
import { measuredRun } from "./measured-waves.ts";
import { perProfile } from "./per-profile.ts";
import { portTrace, type PortTrace } from "./port-trace.ts";
import { reasons, type Grounds } from "./reasons.ts";
import { daemonLog, signals, type Signal } from "./signals.ts";
import { routesTable } from "./routes/routes-table.ts";
import { RUNNER_RULES } from "./runners/runner-rules.ts";
import { runnersTable } from "./runners/runners-table.ts";
import { samplesOf } from "./samples.ts";
import { soak } from "./soak.ts";
import { median, quantile, rate, sorted, spread, sum } from "./statistics.ts";
import { tryCurves } from "./tries.ts";
import type { ArmSamples } from "./wave-sample.ts";
import type { ArmSummary, Failure, Leak, ShownCause, Summary, Verdict } from "./summary.ts";

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Most frequent first, but what no signature names before everything else. */
const byImportance = (a: Failure, b: Failure): number =>
  Number(b.class === "unknown") - Number(a.class === "unknown") ||
  b.count - a.count ||
  compare(a.label, b.label) ||
  compare(a.class, b.class) ||
  compare(a.example, b.example);

interface FailedJob {
  readonly job: string;
  readonly failure: JobFailure;
  readonly attribution: Attribution;
}

const failedJobs = (
  { wave, planned, outcomes }: JudgedWave,
  started: RunHistory["started"],
): readonly FailedJob[] =>
  outcomes.flatMap(({ job, outcome }) => {
    if (outcome.status !== "failed") return [];
    const { failure } = outcome;
    const attribution = attributionOf(failure, { started, job, wave, planned });
    return [{ job, failure, attribution }];
  });

/** Most frequent first; among equals the surer. */
const causesOf = (failed: readonly FailedJob[]): ShownCause[] => {
  const groups = new Map<string, Attribution[]>();
  for (const { attribution } of failed) {
    const key = `${attribution.cause ?? ""} ${attribution.certainty}`;
    groups.set(key, [...(groups.get(key) ?? []), attribution]);
  }
  return [...groups.values()]
    .flatMap((attributions) => {
      const [first] = attributions;
      if (first === undefined) return [];
      const delays = attributions.flatMap(({ after }) => (after === null ? [] : [after]));
      return [
        {
          cause: first.cause,
          certainty: first.certainty,
          count: attributions.length,
          example: first.sentence,
          after: delays.length === 0 ? null : delays.reduce((a, b) => (b > a ? b : a)),
        },
      ];
    })
    .sort(
      (a, b) =>
        b.count - a.count ||
        // Somebody seen says more than that nobody was there any more.
        Number(a.cause === "gone") - Number(b.cause === "gone") ||
        CERTAINTIES.indexOf(a.certainty) - CERTAINTIES.indexOf(b.certainty) ||
        compare(a.cause ?? "", b.cause ?? ""),
    );
};

/** One entry for each place and class; unknown ones also by the shape of their words. */
const failuresOf = (waves: readonly JudgedWave[], started: RunHistory["started"]): Failure[] => {
  const groups = new Map<string, { failure: JobFailure; failed: FailedJob[] }>();
  for (const each of waves.flatMap((wave) => failedJobs(wave, started))) {
    const { failure } = each;
    const shape = failure.class === "unknown" ? template(failure.message, started.run) : "";
    const key = JSON.stringify([failure.label, failure.class, shape]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { failure, failed: [each] });
    else group.failed.push(each);
  }
  return [...groups.values()]
    .map(({ failure, failed }) => ({
      label: failure.label,
      class: failure.class,
      count: failed.length,
      example: failure.message,
      jobs: failed.map(({ job }) => job),
      causes: causesOf(failed),
    }))
    .sort(byImportance);
};

/** Most requests to the daemon that were written and not yet answered, at any one instant of the burst. */
const inFlight = ({ wave }: JudgedWave): number => {
  const steps = wave.jobs
    .flatMap(({ burst }) => burst)
    .filter(({ operation }) => isOneRequest(operation));
  const written = sorted(steps.flatMap(({ writtenAt }) => (writtenAt === null ? [] : [writtenAt])));
  const answered = sorted(
    steps.flatMap(({ writtenAt, answeredAt }) => (writtenAt === null ? [] : [answeredAt])),
  );
  let ended = 0;
  let most = 0;
  for (const [index, at] of written.entries()) {
    // An answer at the same instant came first: a job writes its next request after the answer to the last.
    while ((answered[ended] ?? Infinity) <= at) ended += 1;
    most = Math.max(most, index + 1 - ended);
  }
  return most;
};

/** In the order in which a job performs them. */
const BURST: readonly OperationKind[] = [
  "command",
  "network.create",
  "container.create",
  "container.start",
  "container.inspect",
  "network.connect",
  "stack.up",
  "health",
  "container.wait",
  "ready",
  "identity",
];

const phasesOf = (waves: readonly JudgedWave[]): ArmSummary["phases"] => {
  const durations = new Map<OperationKind, number[]>(BURST.map((operation) => [operation, []]));
  for (const { wave } of waves) {
    for (const step of wave.jobs.flatMap(({ burst }) => burst)) {
      if (step.answer.kind !== "done") continue;
      durations.get(step.operation)?.push(step.answeredAt - step.invokedAt);
    }
  }
  return [...durations].flatMap(([operation, values]) => {
    if (values.length === 0) return [];
    const samples = sorted(values);
    return [
      {
        operation,
        samples: samples.length,
        median: median(samples),
        p95: quantile(samples, 0.95),
      },
    ];
  });
};

const harnessShare = (waves: readonly JudgedWave[]): number | null => {
  const used = waves.map(({ wave }) => wave.burstEnded?.processor ?? 0);
  const available = waves.map(
    ({ wave }) => (burstOf(wave) ?? 0) * (wave.burstEnded === null ? 0 : wave.burstEnded.cores),
  );
  return sum(available) > 0 ? sum(used) / sum(available) : null;
};

/** Log lines of the waves in which the log could be read, and the jobs of those waves; null if in none. */
const logLines = (
  waves: readonly JudgedWave[],
  select: (lines: readonly string[]) => readonly string[],
): { readonly lines: number; readonly jobs: number } | null => {
  const counted = waves.flatMap(({ wave }) => {
    if (wave.log === null) return [];
    return [{ lines: select(wave.log.lines).length, jobs: wave.jobs.length }];
  });
  if (counted.length === 0) return null;
  return {
    lines: sum(counted.map(({ lines }) => lines)),
    jobs: sum(counted.map(({ jobs }) => jobs)),
  };
};

const netnsRestorePerJob = (waves: readonly JudgedWave[]): number | null => {
  const counted = logLines(waves, netnsRestoreLines);
  return counted === null || counted.jobs === 0 ? null : counted.lines / counted.jobs;
};

/** Over finished waves only: in one that was cut off the quick failures are in and the slow successes are not. */
const rateOf = (finished: readonly JudgedWave[]): ArmSummary["failureRate"] => {
  const outcomes = finished.flatMap((wave) => wave.outcomes);
  const failed = outcomes.filter(({ outcome }) => outcome.status === "failed").length;
  return rate({ failed, of: outcomes.length });
};

/** Waves of each arm: as many as there are blocks, up to the one after which everything was decided. */
const wavesPlanned = (
  { waves, arms }: RunHistory["started"],
  interims: RunHistory["interims"],
): number => {
  // Rounded up: a plan that is not whole blocks must not pass with a wave too few.
  const planned = Math.ceil(waves / arms.length);
  return interims.find(({ decided }) => decided)?.block ?? planned;
};

const summarise = (
  arm: Arm,
  waves: readonly JudgedWave[],
  { started, interims }: RunHistory,
): ArmSummary => {
  const statuses = waves.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome.status));
  const jobs = { ok: 0, failed: 0, unfinished: 0 };
  for (const status of statuses) jobs[status] += 1;
  const finished = waves.filter((wave) => wave.finished);
  return {
    ...arm,
    waves: {
      finished: finished.length,
      planned: wavesPlanned(started, interims),
    },
    jobs,
    failureRate: rateOf(finished),
    failures: failuresOf(waves, started),
    burst: spread(finished.flatMap(({ wave }) => burstOf(wave) ?? [])),
    launchSkew: spread(waves.flatMap(({ wave }) => launchSkewOf(wave) ?? [])),
    inFlight: waves.reduce((most, wave) => Math.max(most, inFlight(wave)), 0),
    phases: phasesOf(waves),
    teardown: spread(finished.flatMap(({ wave }) => wave.ended?.teardown ?? [])),
    harnessShare: harnessShare(waves),
    netnsRestorePerJob: netnsRestorePerJob(waves),
    portRetries: logLines(waves, portRetryLines)?.lines ?? null,
  };
};

/** By its runner, on purpose: anonymous volumes of its containers. */
const volumesLeftBy = (arm: Arm | undefined): boolean =>
  RUNNER_RULES[arm?.runner ?? "api"].leavesVolumes === true;

const leakOf = (
  { started, ended }: WaveHistory,
  { arms }: Pick<RunHistory["started"], "arms">,
): readonly Leak[] => {
  if (ended === null) return [];
  const expected = volumesLeftBy(arms.find(({ id }) => id === started.arm));
  const what = [
    ...ended.leaked.containers.map((name) => `container ${name}`),
    ...ended.leaked.networks.map((name) => `network ${name}`),
    ...(expected ? [] : ended.leaked.volumes.map((name) => `volume ${name}`)),
    ...(ended.leakedPorts ?? []).map((port) => `listener on port ${String(port)}`),
    ...ended.stuck.map((words) => `not removable: ${words}`),
  ];
  return what.length === 0 ? [] : [{ wave: started.wave, arm: started.arm, what }];
};

/** What is to be removed and is not there is as wished; everything else is worth a warning. */
const AS_WISHED = new Set(["container.not_found", "network.not_found"]);

const teardownFailures = (waves: readonly WaveHistory[]): readonly JobFailure[] =>
  waves
    .flatMap(({ jobs }) => jobs.flatMap(({ teardown }) => teardown))
    .flatMap((step) => failureOf(step) ?? [])
    .filter((failure) => !AS_WISHED.has(failure.class));

/** What a run was expected to show, from its own journal. */
const expectationsOf = (
  { started, interims }: RunHistory,
  samples: readonly ArmSamples[],
): Summary["expectations"] => {
  const baseline = started.baseline?.samples ?? null;
  return (started.expectations ?? []).map((text) =>
    evaluateAfter(interims.at(-1) ?? null, parseExpectation(text), { samples, baseline }),
  );
};

/** By what was expected, where something was; by each failure otherwise. What was left behind nobody expects. */
const verdictOf = ({
  arms,
  leaks,
  ended,
  expectations,
  refused,
}: Pick<Summary, "arms" | "leaks" | "ended" | "expectations"> &
  Pick<RunHistory, "refused">): Verdict => {
  const isWhole = ended === "completed" && refused.length === 0;
  if (leaks.length > 0) return "violated";
  if (expectations.length > 0) {
    const verdict = verdictOfExpectations(expectations);
    return verdict === "holds" && !isWhole ? "unknown" : verdict;
  }
  if (arms.some(({ jobs }) => jobs.failed > 0)) return "violated";
  const tooLittle = arms.some(({ jobs, waves }) => jobs.ok === 0 || waves.finished < waves.planned);
  return arms.length === 0 || tooLittle || !isWhole ? "unknown" : "holds";
};

/** Whether any step of a burst was refused or got no answer. */
const hasFailure = ({ jobs }: WaveHistory): boolean =>
  jobs.some(({ burst }) => burst.some(({ answer }) => answer.kind !== "done"));

/**
 * Judges a run. Total for the beginning of any journal: what a killed run did not write is `unfinished`.
 *
 * @throws StressError("corrupt") for events that no run writes in this order
 */
export const judge = (events: Iterable<Event>): Summary => judgeRun(history(events));

/** What is judged of the waves of one engine. */
interface Part {
  readonly engine: EngineFacts;
  readonly arms: readonly ArmSummary[];
  readonly signals: readonly Signal[] | null;
  readonly portTraces: readonly PortTrace[];
  readonly soak: Summary["soak"];
  readonly cutOff: Grounds["cutOff"];
}

const judgePart = (run: RunHistory, plans: readonly WavePlan[] | null): Part => {
  const judged = run.started.arms.map((arm) => {
    const waves = judgeArm(run, arm.id, plans);
    return { summary: summarise(arm, waves, run), waves };
  });
  const traces = run.waves.flatMap((wave) => {
    const trace = portTrace(run, wave, plannedWave(plans, wave));
    if (trace === null) return [];
    const { refused, retried, shared: sharedPorts } = trace;
    return refused + retried + sharedPorts.length === 0 ? [] : [trace];
  });
  return {
    engine: run.started.engine,
    arms: judged.map(({ summary }) => summary),
    signals: signals(run),
    portTraces: traces,
    // An engine that is started afresh counts from the beginning each time.
    soak: run.engines.length > 1 ? [] : [...soak(run)],
    cutOff: judged.flatMap(({ summary, waves }) => {
      const partial = waves.filter(
        ({ finished, outcomes }) =>
          !finished && outcomes.some(({ outcome }) => outcome.status === "failed"),
      );
      return partial.length === 0 ? [] : [{ arm: summary.id, waves: partial.length }];
    }),
  };
};

/** The setups that were compared, each with its engine. */
const profilesOf = ({ started, engines }: RunHistory): Summary["profiles"] =>
  (started.profiles ?? []).map(({ profile, skipped }) => {
    const ready = engines.filter((each) => each.profile === profile.name);
    return {
      name: profile.name,
      title: profile.title,
      skipped,
      engine: ready[0]?.engine ?? null,
      starts: ready.length,
    };
  });

/** Waves that were to warm up, and what failed in them. */
const warmupsOf = ({ started, waves }: RunHistory): Summary["warmups"] => {
  const warmups = waves.filter((wave) => wave.started.block === 0);
  const failed = warmups.flatMap((wave) =>
    judgeWave(wave, null, proofOf(started, wave.jobs)).outcomes.filter(
      ({ outcome }) => outcome.status === "failed",
    ),
  );
  return { waves: warmups.length, failed: failed.length };
};

/** The same for a run whose history is there already. */
export const judgeRun = (whole: RunHistory): Summary => {
  const run = measuredRun(whole);
  const { started } = run;
  // A plan is as large as its run, and only what went wrong is held against it.
  const plans = run.waves.some(hasFailure) ? plannedWaves(run) : null;
  const parts = perProfile(run).map((part) => judgePart(part, plans));
  const place = new Map(started.arms.map(({ id }, index) => [id, index]));
  const arms = parts
    .flatMap((part) => part.arms)
    .toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  // What a warm-up leaves behind is left behind all the same.
  const leaks = whole.waves.flatMap((wave) => leakOf(wave, started));
  const recurring = parts.every((part) => part.signals === null)
    ? null
    : parts.flatMap((part) => part.signals ?? []);
  const traces = parts.flatMap(({ portTraces }) => portTraces);
  const warmups = warmupsOf(whole);
  const samples = samplesOf(run);
  // Other scenarios compare by what they measure, in tables of their own.
  const isStacks = started.arms.some(({ scenario }) => scenario === "stacks");
  const comparison = compareArms(isStacks ? samples : []);
  const expectations = expectationsOf(run, samples);
  const capacity = capacityCheck(run);
  const curves = [...tryCurves(run)];
  const profiles = profilesOf(run);
  return {
    schema: "stress.summary/1",
    tool: started.tool,
    run: started.run,
    seed: started.seed,
    startedAt: started.startedAt,
    elapsed: run.lastAt - started.at,
    command: [...started.command],
    ended: run.ended,
    endMessage: run.endMessage,
    simulated: started.engine.simulated,
    engine: started.engine,
    profiles,
    warmups,
    arms,
    signals: recurring,
    daemonLog: daemonLog(run),
    portTraces: traces,
    soak: parts.flatMap((part) => part.soak),
    calibration: calibrationOf(run, { quiet: false, plans }),
    capacity,
    comparison: comparison.pairs.length === 0 ? null : comparison,
    tries: curves,
    runners: runnersTable(whole),
    routes: routesTable(whole),
    datapath: datapathTable(whole),
    expectations,
    interim: run.interims.at(-1) ?? null,
    leaks,
    verdict: verdictOf({ arms, leaks, ended: run.ended, expectations, refused: whole.refused }),
    reasons: reasons({
      arms,
      parts,
      profiles,
      warmups,
      capacity,
      signals: recurring,
      portTraces: traces,
      leaks,
      ended: run.ended,
      endMessage: run.endMessage,
      refused: whole.refused,
      simulated: started.engine.simulated,
      faults: run.waves.reduce((total, { faults }) => total + faults.length, 0),
      teardown: teardownFailures(whole.waves),
      cutOff: parts.flatMap(({ cutOff }) => cutOff),
    }),
  };
};
