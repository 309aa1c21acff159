import pLimit from "p-limit";
import type { Inventory, Operation, Plan, WavePlan } from "../core/model.ts";
import type { Clock, Journal, ProcessorMeter, Runtime } from "../core/ports.ts";
import { millis } from "../core/units.ts";
import { withDeadline } from "./deadline.ts";
import { createGate } from "./gate.ts";
import { sweepUntilQuiet } from "./sweep.ts";
import { observe, runJob, type JobEdges, type RunningJob } from "./job.ts";

/** Everything a run touches. */
export interface RunEdges {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly processor: ProcessorMeter;
  /** Aborts when the run is cancelled; cleanup goes on under a deadline of its own. */
  readonly signal: AbortSignal;
}

interface BurstEnd {
  /** Failed jobs that are to be left for a look. */
  readonly keep: ReadonlySet<RunningJob>;
  /** A request was given up: what it asked for may still come into being. */
  readonly lost: boolean;
}

/** Releases all jobs at once; resolves when each is ready or has stopped. */
const burst = async (
  wave: WavePlan,
  jobs: readonly RunningJob[],
  plan: Plan,
  { clock, runtime, journal, processor, signal }: RunEdges,
): Promise<BurstEnd> => {
  const edges: JobEdges = { clock, runtime, journal, deadlines: plan.deadlines, signal };
  const gate = createGate();
  const running = jobs.map(async (job) => {
    await gate.passed;
    return { job, end: await runJob(job, edges) };
  });
  const processorBefore = processor.used();
  journal.append({ event: "gate.opened", at: clock.now(), wave: wave.index });
  gate.open();
  const ends = await Promise.all(running);
  journal.append({
    event: "burst.ended",
    at: clock.now(),
    wave: wave.index,
    processor: millis(processor.used() - processorBefore),
    cores: processor.cores,
  });
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
  { clock, runtime, journal }: RunEdges,
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
  const nameOf = (operation: Operation): string =>
    "container" in operation ? operation.container : operation.network;
  return new Set(
    [...jobs].flatMap((job) => job.plan.teardown.flatMap((phase) => phase.map(nameOf))),
  );
};

/** What is there now and was not before, less what is kept on purpose. */
const leftOver = (before: Inventory, after: Inventory, kept: ReadonlySet<string>): Inventory => ({
  containers: after.containers.filter((name) => !kept.has(name)),
  networks: after.networks.filter((name) => !kept.has(name)),
  // The volumes of kept containers cannot be told from others by their names.
  volumes: kept.size > 0 ? [] : after.volumes.filter((name) => !before.volumes.includes(name)),
});

/**
 * One wave: burst, teardown, leak check. Cleanup runs whatever happened, also after a cancellation, and
 * within the plan's teardown deadline.
 *
 * @throws StressError when the engine does not answer the questions before and after the burst
 */
export const runWave = async (
  wave: WavePlan,
  plan: Plan,
  keptBefore: ReadonlySet<string>,
  edges: RunEdges,
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

  const { keep, lost } = await burst(wave, jobs, plan, edges);
  const kept = new Set([...keptBefore, ...namesOf(keep)]);
  const done = jobs.filter((job) => !keep.has(job));

  const teardownAt = clock.now();
  const never = new AbortController().signal;
  await withDeadline({ clock, duration: plan.deadlines.teardown, outer: never }, async (signal) => {
    await teardown(done, plan, edges, signal);
    const tornDownAt = clock.now();
    const look = async (): Promise<Inventory> =>
      leftOver(before, await runtime.inventory(plan.run, signal), kept);
    const remove = (found: Inventory) => runtime.remove(found, signal);
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
      signals: await runtime.signals(),
    });
  });
  return kept;
};
