/**
 * Whether a call that was refused is made again, where a mitigation asks for that.
 */
import { CLASSES, type Retry } from "./classes.ts";
import { classifyAnswer } from "./classify.ts";
import { unreachable } from "./errors.ts";
import type { Answer, JobPlan, Operation } from "./model.ts";

/** Of the daemon, and for something new: whoever asks twice whether it is ready has only waited. */
const TRIED_AGAIN: ReadonlySet<Operation["kind"]> = new Set([
  "network.create",
  "container.create",
  "container.start",
]);

/** A second start makes the daemon choose anew: moby programs the ports of a container each time it is started. */
const asksForDynamicPort = (operation: Operation, job: JobPlan): boolean =>
  operation.kind === "container.start" &&
  job.phases
    .flat()
    .some(
      (each) =>
        each.kind === "container.create" &&
        each.container === operation.container &&
        each.spec.publish.some(({ hostPort }) => hostPort === null),
    );

interface Refused {
  readonly operation: Operation;
  readonly answer: Answer;
  readonly job: JobPlan;
  /** 1, or more where it was tried again already. */
  readonly try: number;
}

const isWorth = (retry: Retry, { operation, job, try: number }: Refused): boolean => {
  switch (retry) {
    case "yes":
    case "maybe":
      return true;
    case "once":
      return number === 1;
    case "if-dynamic":
      return asksForDynamicPort(operation, job);
    // At once, which is when this asks again, it would be refused again, or do twice what was done.
    case "after-cleanup":
    case "after-daemon-restart":
    case "later":
    case "less-concurrency":
    case "check-state-first":
    case "wait":
    case "no":
      return false;
    default:
      return unreachable(retry);
  }
};

/** True for a refusal by the daemon whose class says that asking again may help. */
export const isWorthRetrying = (refused: Refused): boolean => {
  const { operation, answer } = refused;
  if (answer.kind !== "refused" || answer.by !== "daemon") return false;
  if (!TRIED_AGAIN.has(operation.kind)) return false;
  const classification = classifyAnswer(answer, operation.kind);
  return classification !== null && isWorth(CLASSES[classification.class].retry, refused);
};
