/**
 * How one job ended.
 */
import { classifyAnswer, type Classification } from "./classify.ts";
import type { JobHistory, Step } from "./history.ts";
import type { Answer, OperationKind } from "./model.ts";
import { JOB_ROLE } from "./plan.ts";

export interface JobFailure {
  /** Where the job stopped, e.g. `START_FAIL_mysql`. */
  readonly label: string;
  readonly class: Classification["class"];
  /** Raw. */
  readonly message: string;
  readonly step: Step;
}

export type Outcome =
  | { readonly status: "ok" }
  | { readonly status: "failed"; readonly failure: JobFailure }
  /** Cut off: nothing can be said of it. */
  | { readonly status: "unfinished" };

const LABELS: Readonly<Record<OperationKind, string>> = {
  "network.create": "NET_FAIL",
  "container.create": "CREATE_FAIL",
  "container.start": "START_FAIL",
  "container.inspect": "INSPECT_FAIL",
  ready: "READY_FAIL",
  identity: "IDENTITY_FAIL",
  "container.remove": "REMOVE_FAIL",
  "network.remove": "NET_REMOVE_FAIL",
};

const labelOf = ({ operation, service }: Step): string =>
  service === null ? LABELS[operation] : `${LABELS[operation]}_${service}`;

const wordsOf = (answer: Answer): string => (answer.kind === "done" ? "" : answer.message);

/** What went wrong with a step; null if nothing did, or if it was cancelled. It may have been mended since. */
export const failureOf = (step: Step): JobFailure | null => {
  const classification = classifyAnswer(step.answer, step.operation);
  return classification === null
    ? null
    : { label: labelOf(step), class: classification.class, message: wordsOf(step.answer), step };
};

/** What the job failed by: the first step that was refused or got no answer, and was not asked again. */
export const finalFailureOf = ({ burst }: Pick<JobHistory, "burst">): JobFailure | null => {
  for (const step of burst) {
    const failure = step.again ? null : failureOf(step);
    if (failure !== null) return failure;
  }
  return null;
};

/** The services that a job of this kind has to prove; the job container has nothing to answer with. */
export const servicesToProve = (jobs: readonly JobHistory[]): ReadonlySet<string> =>
  new Set(jobs.flatMap(({ services }) => [...services]).filter((service) => service !== JOB_ROLE));

/**
 * A job failed at the first step that was refused or got no answer, unless a mitigation asked again and was done. It
 * is OK only if everything was answered and each service has proved its identity: a job that merely stopped, between
 * two steps, is unfinished.
 *
 * @param toProve - the services of all jobs of the arm: what this one would have started if it went on
 */
export const outcomeOf = (job: JobHistory, toProve: ReadonlySet<string>): Outcome => {
  const failure = finalFailureOf(job);
  if (failure !== null) return { status: "failed", failure };
  const proved = new Set(
    job.burst
      .filter(({ operation, answer }) => operation === "identity" && answer.kind === "done")
      .map(({ service }) => service),
  );
  const ok =
    job.pending === 0 &&
    job.burst.every(({ answer, again }) => again || answer.kind === "done") &&
    toProve.size > 0 &&
    [...toProve].every((service) => proved.has(service));
  return { status: ok ? "ok" : "unfinished" };
};
