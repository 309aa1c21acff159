import type { Answer, Deadlines, JobPlan, Operation, PortBinding } from "../core/model.ts";
import type { Clock, Journal, Knowledge, Runtime } from "../core/ports.ts";
import { isTolerated } from "../core/operations.ts";
import { isWorthRetrying } from "../core/retrying.ts";
import { millis, seconds, type Millis } from "../core/units.ts";
import { withDeadline } from "./deadline.ts";
import type { Manner } from "./manner.ts";

/** Everything a running job touches. */
export interface JobEdges {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly deadlines: Deadlines;
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Called with every answer, at the instant at which it is there. */
  readonly onAnswer?: (given: Given) => void;
}

/** An answer to an operation of a job. */
export interface Given {
  readonly job: RunningJob;
  readonly operation: Operation;
  readonly answer: Answer;
  readonly at: Millis;
  /** 1, or more where it was asked again. */
  readonly try: number;
}

/** A job in one wave, and what it has learned so far. */
export interface RunningJob {
  readonly wave: number;
  readonly plan: JobPlan;
  readonly bindings: Map<string, readonly PortBinding[]>;
}

/**
 * A readiness wait ends by its own deadline and says what it last saw; the call's own deadline comes later
 * so that those words are not lost.
 */
const READY_SLACK = seconds(5);

/** A runner that polls on a coarse grid learns of what is ready late: not its services' fault. */
const HEALTH_PATIENCE = 2;

/** What takes its time by design has a deadline of its own beside that of a call. */
const deadlineOf = (operation: Operation, deadlines: Deadlines): Millis => {
  switch (operation.kind) {
    case "ready":
      return millis(deadlines.ready + READY_SLACK);
    // Several services, one after another, on the runner's own grid.
    case "health":
    case "stack.up":
    case "container.wait":
      return millis(HEALTH_PATIENCE * deadlines.ready + READY_SLACK);
    case "traffic.watch":
      return millis(operation.watchFor + deadlines.call);
    case "flow.measure":
      return millis(operation.flow.duration + deadlines.call);
    case "requests.measure":
      return millis(operation.requests.duration + deadlines.call);
    default:
      return deadlines.call;
  }
};

/** Names one try of an operation of a job in the journal. */
export const refOf = (job: RunningJob, operation: Operation, number: number) => ({
  wave: job.wave,
  job: job.plan.id,
  operation: operation.kind,
  ...("service" in operation ? { service: operation.service } : {}),
  ...("step" in operation ? { step: operation.step } : {}),
  ...(number > 1 ? { try: number } : {}),
});

/** What the runner warns of and goes on from. */
const tolerated = (answer: Answer): Answer =>
  answer.kind === "refused"
    ? { kind: "done", measured: { kind: "warned", message: answer.message } }
    : answer;

/**
 * Performs one operation under its deadline and writes it to the journal, before and after.
 *
 * @param number - of the try: 1, or more where it was refused before
 */
export const observe = async (
  job: RunningJob,
  operation: Operation,
  { clock, runtime, journal, deadlines, signal, onAnswer }: JobEdges,
  number = 1,
): Promise<Answer> => {
  const ref = refOf(job, operation, number);
  const knowledge: Knowledge = { bindings: job.bindings };
  const invokedAt = clock.now();
  const pending = withDeadline(
    { clock, duration: deadlineOf(operation, deadlines), outer: signal },
    (bounded) => runtime.perform(operation, knowledge, bounded),
  );
  // After the request has been issued: a write to disk must not stand between the gate and the socket.
  journal.append({ event: "invoked", at: invokedAt, ...ref });
  const { answer: given, writtenAt } = await pending;
  const answer = isTolerated(operation) ? tolerated(given) : given;
  const at = clock.now();
  // Before the journal: what holds a port may let go of it in the time of a write.
  onAnswer?.({ job, operation, answer, at, try: number });
  journal.append({ event: "answered", at, ...ref, writtenAt, answer });
  if (operation.kind === "container.inspect" && answer.kind === "done") {
    job.bindings.set(operation.container, answer.bindings ?? []);
  }
  return answer;
};

/** `lost`: something has no answer, so the daemon may still be doing it. */
export type JobEnd = "ok" | "stopped" | "lost";

/** Removes a container and creates it again, as the plan has it. @returns the answer that stopped it, or `null` */
const recreate = async (
  job: RunningJob,
  { container }: Extract<Operation, { kind: "container.start" }>,
  edges: JobEdges,
): Promise<Answer | null> => {
  const { phases, teardown } = job.plan;
  const removal = teardown
    .flat()
    .find((each) => each.kind === "container.remove" && each.container === container);
  const creation = phases
    .flat()
    .find((each) => each.kind === "container.create" && each.container === container);
  for (const operation of [removal, creation]) {
    if (operation === undefined) continue;
    const answer = await observe(job, operation, edges);
    if (answer.kind !== "done") return answer;
  }
  return null;
};

/**
 * Performs one operation in the wave's manner, and again where that is what the manner does with a refusal.
 *
 * @returns the last answer; null where its turn did not come before the run was cancelled
 */
const perform = async (
  job: RunningJob,
  operation: Operation,
  edges: JobEdges,
  { inTurn, tries, recreates }: Manner,
): Promise<Answer | null> => {
  for (let number = 1; ; number += 1) {
    const attempt = () => observe(job, operation, edges, number);
    const answer = await inTurn(operation, edges.signal, attempt);
    if (answer === null || number >= tries || edges.signal.aborted) return answer;
    if (!isWorthRetrying({ operation, answer, job: job.plan, try: number })) return answer;
    if (recreates && operation.kind === "container.start") {
      const stopped = await recreate(job, operation, edges);
      if (stopped !== null) return stopped;
    }
  }
};

/** Performs the job's phases in order, and stops after the first phase in which anything was not done. */
export const runJob = async (job: RunningJob, edges: JobEdges, manner: Manner): Promise<JobEnd> => {
  for (const phase of job.plan.phases) {
    const answers = await Promise.all(
      phase.map((operation) => perform(job, operation, edges, manner)),
    );
    if (answers.some((answer) => answer?.kind === "unknown")) return "lost";
    if (answers.some((answer) => answer?.kind !== "done")) return "stopped";
    if (edges.signal.aborted) return "stopped";
  }
  return "ok";
};
