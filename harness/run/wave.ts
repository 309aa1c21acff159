import pLimit from "p-limit";
import { StressError } from "../core/errors.ts";
import type { InjectedFault } from "../core/nemesis.ts";
import type { Inventory, Operation, Plan, WavePlan } from "../core/model.ts";
import type {
  Clock,
  Journal,
  Locks,
  ProcessorMeter,
  Runtime,
  Troublemaker,
} from "../core/ports.ts";
import { millis } from "../core/units.ts";
import { engineLost, isEngineAlive, removeWhileAlive, type Watched } from "./alive.ts";
import { withDeadline } from "./deadline.ts";
import { createGate } from "./gate.ts";
import { sweepUntilQuiet } from "./sweep.ts";
import { observe, runJob, type JobEdges, type RunningJob } from "./job.ts";
import { createLooks } from "./looks.ts";
import { mannerOf } from "./manner.ts";

/** Everything a wave touches. */
export interface WaveEdges {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly processor: ProcessorMeter;
  /** For arms whose jobs take a lock file; absent: no lock is to be had. */
  readonly locks?: Locks;
  /** Makes trouble on purpose; null in an ordinary run. */
  readonly trouble: Troublemaker | null;
  /** Aborts when the run is cancelled; cleanup goes on under a deadline of its own. */
  readonly signal: AbortSignal;
}

/**
 * Of the daemon's log, for one wave: so many lines at its beginning and as many at its end, where what broke the
 * wave stands. A daemon with debug on writes about a hundred lines a container.
 */
const LOG_LINES_AT_EACH_END = 10_000;

/** The trouble that was asked for could not be made. The message is the troublemaker's. */
export class TroubleFailed extends Error {
  override readonly name = "TroubleFailed";

  constructor(cause: StressError) {
    super(cause.message, { cause });
  }
}

interface BurstEnd {
  /** Failed jobs that are to be left for a look. */
  readonly keep: ReadonlySet<RunningJob>;
  /** A request was given up: what it asked for may still come into being. */
  readonly lost: boolean;
}

/** Releases all jobs at once; resolves when each is ready or has stopped, and all failures were looked at. */
const burst = async (
  wave: WavePlan,
  jobs: readonly RunningJob[],
  plan: Plan,
  { clock, runtime, journal, processor, locks, signal }: WaveEdges,
): Promise<BurstEnd> => {
  const looks = createLooks({ clock, journal, witness: runtime.witness });
  const edges: JobEdges = {
    clock,
    runtime,
    journal,
    deadlines: plan.deadlines,
    signal,
    onAnswer: looks.consider,
  };
  const { mitigation } = plan.arms.find(({ id }) => id === wave.arm) ?? {};
  const manner = mannerOf(mitigation, locks);
  const gate = createGate();
  const running = jobs.map(async (job) => {
    await gate.passed;
    return { job, end: await runJob(job, edges, manner) };
  });
  const engineBefore = await runtime.witness.processor();
  const processorBefore = processor.used();
  journal.append({ event: "gate.opened", at: clock.now(), wave: wave.index });
  gate.open();
  const ends = await Promise.all(running);
  const endedAt = clock.now();
  const used = processor.used() - processorBefore;
  const engineAfter = await runtime.witness.processor();
  journal.append({
    event: "burst.ended",
    at: endedAt,
    wave: wave.index,
    processor: millis(used),
    engineProcessor:
      engineBefore === null || engineAfter === null ? null : millis(engineAfter - engineBefore),
    cores: processor.cores,
  });
  await looks.settled();
  const seen = await runtime.witness.ports();
  journal.append({ event: "ports.seen", at: clock.now(), wave: wave.index, ...seen });
  const keeping = plan.keepFailed && !signal.aborted;
  return {
    keep: new Set(ends.filter(({ end }) => keeping && end !== "ok").map(({ job }) => job)),
    lost: ends.some(({ end }) => end === "lost"),
  };
};

/** Removes what the plan says these jobs made, a few jobs at a time. */
const teardown = async (
  jobs: readonly RunningJob[],
  plan: Plan,
  { clock, runtime, journal }: WaveEdges,
  signal: AbortSignal,
): Promise<void> => {
  const edges: JobEdges = { clock, runtime, journal, deadlines: plan.deadlines, signal };
  const limit = pLimit(plan.teardownConcurrency);
  const removeAll = async (job: RunningJob): Promise<void> => {
    for (const phase of job.plan.teardown) {
      await Promise.all(phase.map((operation) => observe(job, operation, edges)));
    }
  };
  await Promise.all(jobs.map((job) => limit(removeAll, job)));
};

const namesOf = (jobs: Iterable<RunningJob>): ReadonlySet<string> => {
  const namesIn = (operation: Operation): readonly string[] => {
    switch (operation.kind) {
      case "container.remove":
        return [operation.container];
      case "network.remove":
        return [operation.network];
      case "stack.down":
        return [...operation.containers, ...operation.networks];
      default:
        return [];
    }
  };
  return new Set([...jobs].flatMap((job) => job.plan.teardown.flat().flatMap(namesIn)));
};

/** What is there now and was not before, less what is kept on purpose. */
const leftOver = (before: Inventory, after: Inventory, kept: ReadonlySet<string>): Inventory => ({
  containers: after.containers.filter((name) => !kept.has(name)),
  networks: after.networks.filter((name) => !kept.has(name)),
  // The volumes of kept containers cannot be told from others by their names.
  volumes: kept.size > 0 ? [] : after.volumes.filter((name) => !before.volumes.includes(name)),
});

/** Performs the burst with the trouble that was asked for, which ends with it whatever happens. */
const inTrouble = async <Result>(
  wave: WavePlan,
  { trouble, clock, journal, signal }: WaveEdges,
  body: () => Promise<Result>,
): Promise<Result> => {
  if (trouble === null) return await body();
  const report = (fault: InjectedFault): void => {
    journal.append({ event: "fault.injected", at: clock.now(), wave: wave.index, fault });
  };
  try {
    await trouble.strike(wave, report, signal).catch((cause: unknown) => {
      // Told from an engine that is lost; a mistake of ours stays one.
      throw cause instanceof StressError ? new TroubleFailed(cause) : cause;
    });
    return await body();
  } finally {
    await trouble.lift();
  }
};

/** What the daemon wrote since the wave before; nothing where it cannot be read. */
const writeDownLog = async (
  wave: number,
  { clock, journal, runtime }: WaveEdges,
): Promise<void> => {
  const lines = await runtime.witness.log();
  if (lines === null) return;
  const dropped = Math.max(0, lines.length - 2 * LOG_LINES_AT_EACH_END);
  journal.append({
    event: "daemon.logged",
    at: clock.now(),
    wave,
    lines:
      dropped === 0
        ? lines
        : [...lines.slice(0, LOG_LINES_AT_EACH_END), ...lines.slice(-LOG_LINES_AT_EACH_END)],
    dropped,
  });
};

/**
 * Burst, teardown, leak check. Cleanup runs whatever happened, also after a cancellation, within the plan's teardown
 * deadline and as long as the engine answers.
 *
 * @throws StressError("engine-lost") when it does not
 */
const perform = async (
  wave: WavePlan,
  plan: Plan,
  keptBefore: ReadonlySet<string>,
  edges: WaveEdges,
): Promise<ReadonlySet<string>> => {
  const { clock, runtime, journal } = edges;
  const jobs = wave.jobs.map((job): RunningJob => ({
    wave: wave.index,
    plan: job,
    bindings: new Map(),
  }));
  journal.append({
    event: "wave.started",
    at: clock.now(),
    wave: wave.index,
    block: wave.block,
    arm: wave.arm,
    jobs: wave.jobs.map((job) => job.id),
  });
  const before = await withDeadline(
    { clock, duration: plan.deadlines.call, outer: edges.signal },
    async (signal) => {
      const found = await runtime.inventory(plan.run, signal);
      await runtime.warm(jobs.length, signal);
      return found;
    },
  );

  const { keep, lost } = await inTrouble(wave, edges, () => burst(wave, jobs, plan, edges));
  const kept = new Set([...keptBefore, ...namesOf(keep)]);
  const done = jobs.filter((job) => !keep.has(job));

  const { call, teardown: inAll } = plan.deadlines;
  const watched: Watched = { clock, alive: runtime.alive, call };
  const why = edges.signal.aborted ? "the run was cancelled" : lost ? "a call had no answer" : null;
  if (why !== null && !(await isEngineAlive(watched))) throw engineLost(watched, why);

  const teardownAt = clock.now();
  const outer = new AbortController().signal;
  await removeWhileAlive({ ...watched, teardown: inAll, outer }, async (signal) => {
    await teardown(done, plan, edges, signal);
    const tornDownAt = clock.now();
    const look = async (): Promise<Inventory> =>
      leftOver(before, await runtime.inventory(plan.run, signal), kept);
    const remove = (found: Inventory) => runtime.remove(plan.run, found, signal);
    // What appears after we gave up waiting for it is our doing, and no leak of the daemon's.
    if (lost) await sweepUntilQuiet({ clock, look, remove, signal });
    const leaked = await look();
    const ports = done.flatMap((job) => [...job.bindings.values()].flat());
    const leakedPorts = await runtime.listening(ports.map(({ hostPort }) => hostPort));
    const stuck = await remove(leaked);
    journal.append({
      event: "wave.ended",
      at: clock.now(),
      wave: wave.index,
      teardown: millis(tornDownAt - teardownAt),
      leaked,
      leakedPorts,
      stuck,
      counters: await runtime.witness.counters(),
    });
  });
  return kept;
};

/**
 * One wave, and then the daemon's log of it: also where the engine was lost, since it may say why.
 *
 * @throws StressError when the engine does not answer the questions before and after the burst
 */
export const runWave = async (
  wave: WavePlan,
  plan: Plan,
  keptBefore: ReadonlySet<string>,
  edges: WaveEdges,
): Promise<ReadonlySet<string>> => {
  try {
    return await perform(wave, plan, keptBefore, edges);
  } finally {
    await writeDownLog(wave.index, edges);
  }
};
