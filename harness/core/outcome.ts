/**
 * How one job ended.
 */
import { classifyAnswer, type Classification } from "./classify.ts";
import type { JobHistory, RunHistory, Step } from "./history.ts";
import { JOB_ROLE } from "./job-context.ts";
import type { Answer, OperationKind, Scenario } from "./model.ts";

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
  "network.connect": "CONNECT_FAIL",
  command: "COMMAND_FAIL",
  "stack.up": "UP_FAIL",
  "stack.down": "DOWN_FAIL",
  health: "HEALTH_FAIL",
  "container.wait": "WAIT_FAIL",
  "routes.read": "ROUTES_FAIL",
  "traffic.watch": "TRAFFIC_FAIL",
  "path.look": "PATH_FAIL",
  "flow.measure": "FLOW_FAIL",
  "requests.measure": "REQUESTS_FAIL",
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

/** What a job of an arm has to have done, for each of these services, before it is OK. */
export interface Proof {
  readonly operation: OperationKind;
  readonly services: ReadonlySet<string>;
}

/**
 * The last that a job of a scenario does, and what it is there for: its services are its own; its connections and
 * requests were watched; what carries its traffic was seen, which comes after all that is measured.
 */
const PROVED_BY: Readonly<Record<Scenario["kind"], OperationKind>> = {
  stacks: "identity",
  routes: "traffic.watch",
  datapath: "path.look",
};

const servicesSeen = (jobs: readonly JobHistory[], kind: OperationKind): ReadonlySet<string> =>
  new Set(
    jobs.flatMap(({ burst }) =>
      burst.flatMap(({ operation, service }) =>
        operation === kind && service !== null ? [service] : [],
      ),
    ),
  );

/** The job container has nothing to answer with. */
const servicesStarted = (jobs: readonly JobHistory[]): ReadonlySet<string> =>
  new Set(jobs.flatMap(({ services }) => [...services]).filter((service) => service !== JOB_ROLE));

/**
 * @param jobs - all jobs of the arm: what one of them came to, each would have come to if it had gone on
 */
export const proofOf = (
  { request }: Pick<RunHistory["started"], "request">,
  jobs: readonly JobHistory[],
): Proof => {
  // The first journals hold no request, and there was one scenario.
  if (request === undefined) {
    return { operation: PROVED_BY.stacks, services: servicesStarted(jobs) };
  }
  const { scenario, services } = request;
  const operation = PROVED_BY[scenario.kind];
  if (scenario.kind !== "stacks") return { operation, services: servicesSeen(jobs, operation) };
  const chosen = services.length === 0 ? scenario.services.map(({ name }) => name) : services;
  return { operation, services: new Set(chosen) };
};

/**
 * A job failed at the first step that was refused or got no answer, unless a mitigation asked again and was done. It
 * is OK only if everything was answered and it has done what proves it: a job that merely stopped, between two
 * steps, is unfinished.
 */
export const outcomeOf = (job: JobHistory, { operation, services }: Proof): Outcome => {
  const failure = finalFailureOf(job);
  if (failure !== null) return { status: "failed", failure };
  const proved = new Set(
    job.burst
      .filter((step) => step.operation === operation && step.answer.kind === "done")
      .map(({ service }) => service),
  );
  const ok =
    job.pending === 0 &&
    job.burst.every(({ answer, again }) => again || answer.kind === "done") &&
    services.size > 0 &&
    [...services].every((service) => proved.has(service));
  return { status: ok ? "ok" : "unfinished" };
};
