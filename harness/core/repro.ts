/**
 * What a script has to do to fail as a job of a run has failed: which calls, under which condition, and by
 * which words it is the same failure. Decided here; written down as a script elsewhere.
 */
import { type Attribution, attributionOf, looksAt } from "./attribute.ts";
import type { Cause } from "./causes.ts";
import type { FailureClass } from "./classes.ts";
import { template } from "./clusters.ts";
import { StressError, unreachable } from "./errors.ts";
import type { EventOf } from "./events.ts";
import type { SightOf } from "./evidence.ts";
import type { RunHistory, Step, WaveHistory } from "./history.ts";
import type { PlanRequest } from "./plan-request.ts";
import { retriesAddPort } from "./known-engines.ts";
import type { ContainerSpec, JobPlan, Operation, PortRequest, WavePlan } from "./model.ts";
import type { Occupant } from "./nemesis.ts";
import { finalFailureOf, type JobFailure } from "./outcome.ts";
import { profileOfArm } from "./per-profile.ts";
import { operationOf, plannedJob, plannedWaves, serviceOf, plannedWave } from "./planned.ts";
import { portNamedIn } from "./questions.ts";
import type { Placeholder } from "./shell-words.ts";

/** One operation of one job; the run's id and the owner in it are placeholders. */
export interface ReproStep {
  readonly job: string;
  readonly operation: Operation;
}

/** How a port is held. */
export type Holding =
  | { readonly kind: Exclude<Occupant, "forward" | "ephemeral"> }
  /** RootlessKit tells forwards apart by these two beside the port. */
  | { readonly kind: "forward"; readonly protocol: string; readonly parentIp: string };

/** What must be so for the calls to fail. */
export type Condition =
  /** This port of the host is held. */
  | { readonly kind: "hold"; readonly by: Holding; readonly port: number }
  /** As many ports as given, the next ones that the daemon would choose for this container, are held. */
  | {
      readonly kind: "hold-next";
      readonly by: Holding;
      readonly count: number;
      readonly hostIp: string;
      readonly like: ContainerSpec;
    }
  /** Calls of other jobs came first. */
  | { readonly kind: "other-jobs"; readonly steps: readonly ReproStep[] }
  /** A container of the same engine has the port. */
  | { readonly kind: "container"; readonly port: PortRequest; readonly like: ContainerSpec }
  /** Networks have every subnet of the pools. */
  | { readonly kind: "fill-pools" }
  /** Something of the name exists: what the call itself makes, made before. */
  | { readonly kind: "twice" }
  /** The daemon's process is stopped; the script must be told which that is. */
  | { readonly kind: "paused-daemon" }
  /** The script can or need do nothing. */
  | { readonly kind: "none"; readonly why: string };

/** What tells that a script failed the same way. */
export type Expected =
  /** The daemon refused in these words, in this order, with anything between them. */
  | { readonly kind: "refused"; readonly fragments: readonly string[] }
  /** The daemon did not answer a call within its deadline. */
  | { readonly kind: "no-answer" }
  /** The daemon's socket did not answer, or broke off. */
  | { readonly kind: "lost" }
  /** The service was not ready in time: at its last try it refused, closed, had ended; or whatever it did. */
  | { readonly kind: "not-ready"; readonly how: "refused" | "closed" | "exited" | "any" };

export interface Repro {
  readonly history: RunHistory;
  readonly wave: EventOf<"wave.started">;
  readonly job: string;
  readonly failure: JobFailure;
  readonly attribution: Attribution;
  readonly placeholders: { readonly run: Placeholder; readonly owner: Placeholder };
  /** Before the failing one, in order. */
  readonly steps: readonly ReproStep[];
  readonly failing: ReproStep;
  readonly condition: Condition;
  /** The condition is the likeliest, not what the evidence shows. */
  readonly assumed: boolean;
  readonly expected: Expected;
  /** Every image that the calls name, once. */
  readonly images: readonly string[];
}

/** A text of letters that does not occur in another. */
const markBeside = (text: string, start: string): string => {
  let mark = start;
  while (text.includes(mark)) mark += "x";
  return mark;
};

/** The daemon's own, out of what a process printed; null for what says nothing of it. */
const daemonWords = (message: string): string | null =>
  [...message.matchAll(/(?:Error response from daemon:|\(HTTP code \d+\) .{1,80}? -) (.+)/g)].at(
    -1,
  )?.[1] ?? null;

/** More than these are not needed to know a message, and the cause stands at its end. */
const MOST_FRAGMENTS = 12;

/** What of a message is the same whenever it is said. */
const fragmentsOf = (message: string, run: string): readonly string[] =>
  template(message, run)
    .split(/<(?:id|address|time|duration|n|name)>| … /)
    .map((fragment) => fragment.trim())
    .filter((fragment) => /\p{L}{2}/u.test(fragment))
    .slice(-MOST_FRAGMENTS);

const NOT_READY: Partial<Record<FailureClass, "refused" | "closed" | "exited">> = {
  "readiness.connection_refused": "refused",
  "readiness.connection_reset": "closed",
  "container.exited_early": "exited",
};

const expectedOf = (
  { answer, operation }: Step,
  failure: JobFailure,
  { access, run }: { readonly access: "host" | "job" | null; readonly run: string },
): Expected => {
  if (answer.kind === "unknown" && answer.reason === "connection-lost") return { kind: "lost" };
  if (answer.kind === "refused" && answer.by === "transport" && access === null) {
    return { kind: "lost" };
  }
  const inWords =
    answer.kind === "refused" &&
    (answer.by === "daemon" || (answer.by === "service" && access === "job"));
  if (inWords) {
    const words = daemonWords(answer.message) ?? answer.message;
    return { kind: "refused", fragments: fragmentsOf(words, run) };
  }
  return operation === "ready"
    ? { kind: "not-ready", how: NOT_READY[failure.class] ?? "any" }
    : { kind: "no-answer" };
};

/** How what a cause names can hold a port in its place. */
const STAND_IN: Partial<Record<Cause, Holding["kind"]>> = {
  outbound_connection: "outbound",
  own_probe: "outbound",
  gone: "outbound",
  host_listener: "listener",
  other_engine: "listener",
  time_wait: "timewait",
  leaked_forward: "forward",
};

/** The likeliest cause of a class, where no evidence says more. */
const LIKELIEST: Partial<Record<FailureClass, Cause>> = {
  "port.rootlesskit_addport_in_use": "outbound_connection",
  "port.host_bind_in_use": "outbound_connection",
  "port.userland_proxy_bind": "outbound_connection",
  "port.rootlesskit_conflict_id": "leaked_forward",
  "port.already_allocated": "same_engine_container",
  "port.permission_privileged": "privileged",
  "network.subnet_exhausted": "subnets_taken",
  "network.name_conflict": "name_taken",
  "container.name_conflict": "name_taken",
  "daemon.hang": "daemon_busy",
};

/** An engine that retries gives up after ten ports. */
const PORTS_FOR_RETRIES = 12;
/** One suffices; a few more for a cursor that somebody else moves meanwhile. */
const PORTS_WITHOUT_RETRY = 4;

/** A job, planned with its own names and with placeholders in their place. */
interface TwoPlans {
  readonly real: readonly WavePlan[];
  readonly marked: readonly WavePlan[];
}

interface Scene {
  readonly history: RunHistory;
  readonly wave: WaveHistory;
  readonly job: string;
  readonly step: Step;
  readonly plans: TwoPlans;
  /** Of the container that failed to start, with placeholders; null for another call. */
  readonly spec: ContainerSpec | null;
}

const createOf = (
  job: JobPlan,
  service: string | null,
): Extract<Operation, { kind: "container.create" }> | null => {
  const operation =
    service === null ? null : operationOf(job, { operation: "container.create", service });
  return operation?.kind === "container.create" ? operation : null;
};

const portSeen = ({ wave, job, step }: Scene): SightOf<"port"> | null => {
  const sights = looksAt(wave, job, step).flatMap(({ sight }) =>
    sight.about === "port" ? [sight] : [],
  );
  return sights[0] ?? null;
};

/** The port that failed, and how the container asked for it. */
const failedPort = (
  scene: Scene,
): { readonly port: number | null; readonly request: PortRequest | null } => {
  const { answer } = scene.step;
  const words = answer.kind === "done" ? "" : answer.message;
  const publish = scene.spec?.publish ?? [];
  const port = portSeen(scene)?.port ?? portNamedIn(words);
  const fixed = publish.find(({ hostPort }) => hostPort !== null && hostPort === port);
  const request = fixed ?? publish.find(({ hostPort }) => hostPort === null) ?? publish[0] ?? null;
  return { port: fixed === undefined ? (request?.hostPort ?? port) : port, request };
};

/** Calls by which another job comes to hold what a container of its has. */
const stepsToward = (plans: TwoPlans, job: string, service: string): readonly ReproStep[] => {
  const marked = plannedJob(plans.marked, job);
  if (marked === null) return [];
  return marked.phases
    .flat()
    .filter(
      (operation) =>
        operation.kind === "network.create" ||
        ((operation.kind === "container.create" || operation.kind === "container.start") &&
          operation.service === service),
    )
    .map((operation) => ({ job, operation }));
};

/** The container of another job that had the port when this one asked for it, by the look or by the plan. */
const otherHolder = (scene: Scene): readonly ReproStep[] => {
  const { history, wave, job, step, plans } = scene;
  const { port } = failedPort(scene);
  const seen = portSeen(scene)?.containers?.find(
    (user) => user.run === history.started.run && user.job !== null && user.job !== job,
  );
  const others = wave.jobs.filter(({ id }) => (seen === undefined ? id !== job : id === seen.job));
  const holders = others.flatMap((other) => {
    const planned = plannedJob(plans.real, other.id);
    return other.burst.flatMap(({ operation, service, invokedAt, answer, answeredAt }) => {
      if (operation !== "container.start" || service === null || planned === null) return [];
      // The daemon gives a port away while a start is under way: its answer may have come later than ours.
      if (answer.kind !== "done" || invokedAt > step.answeredAt) return [];
      const create = createOf(planned, service);
      const isIt =
        seen === undefined
          ? create?.spec.publish.some(({ hostPort }) => hostPort !== null && hostPort === port)
          : create?.container === seen.container;
      return isIt === true ? [{ job: other.id, service, answeredAt }] : [];
    });
  });
  const [first] = holders.toSorted((a, b) => a.answeredAt - b.answeredAt);
  return first === undefined ? [] : stepsToward(plans, first.job, first.service);
};

/** As dockerd asks for one. */
const USUAL_FORWARD = { protocol: "tcp4", parentIp: "0.0.0.0" };

const holdingOf = (scene: Scene, occupant: Holding["kind"]): Holding => {
  if (occupant !== "forward") return { kind: occupant };
  const { protocol, parentIp } = portSeen(scene)?.forwards?.[0] ?? USUAL_FORWARD;
  return { kind: "forward", protocol, parentIp };
};

const held = (scene: Scene, occupant: Holding["kind"]): Condition => {
  const by = holdingOf(scene, occupant);
  const { port, request } = failedPort(scene);
  if (request === null || scene.spec === null) {
    return { kind: "none", why: "the call asks for no port of the host" };
  }
  if (request.hostPort !== null) return { kind: "hold", by, port: port ?? request.hostPort };
  const retries = retriesAddPort(scene.history.started.engine.version) ?? true;
  return {
    kind: "hold-next",
    by,
    count: retries ? PORTS_FOR_RETRIES : PORTS_WITHOUT_RETRY,
    hostIp: request.hostIp,
    like: scene.spec,
  };
};

const conditionOf = (scene: Scene, cause: Cause): Condition => {
  switch (cause) {
    case "outbound_connection":
    case "own_probe":
    case "gone":
    case "host_listener":
    case "other_engine":
    case "time_wait":
    case "leaked_forward":
      return held(scene, STAND_IN[cause] ?? "outbound");
    case "same_run":
    case "same_engine_container": {
      const steps = otherHolder(scene);
      if (steps.length > 0) return { kind: "other-jobs", steps };
      const { port, request } = failedPort(scene);
      if (port === null || request === null || scene.spec === null) {
        return { kind: "none", why: "which port the other container had is not in the journal" };
      }
      return { kind: "container", port: { ...request, hostPort: port }, like: scene.spec };
    }
    case "subnets_taken":
      return { kind: "fill-pools" };
    case "name_taken":
      return { kind: "twice" };
    case "daemon_paused":
    case "daemon_busy":
      return { kind: "paused-daemon" };
    case "daemon_gone":
      return { kind: "none", why: "the daemon was gone: end it yourself before the last call" };
    case "orphan_rule":
      return {
        kind: "none",
        why: "a NAT rule in the daemon's namespace was in the way: a script outside cannot make one",
      };
    case "privileged":
      return { kind: "none", why: "none is needed: the port is below the unprivileged ones" };
    default:
      return unreachable(cause);
  }
};

const imagesOf = (steps: readonly ReproStep[]): readonly string[] => [
  ...new Set(
    steps.flatMap(({ operation }) =>
      operation.kind === "container.create" ? [operation.spec.image] : [],
    ),
  ),
];

const cannot = (message: string): StressError => new StressError("usage", message);

/** The run as if all jobs had been started by calls of ours: the same names, and the same order of waves. */
const byOurCalls = ({ started: { request } }: RunHistory): Partial<PlanRequest> =>
  request?.arms === undefined
    ? {}
    : { arms: request.arms.map((arm) => ({ ...arm, runner: "api" })) };

/**
 * A step as the call that failed: where one process made the whole stack, the one that the daemon's words are about.
 *
 * @param calls - the job as calls of ours would have started it
 */
const callOf = (
  step: Step,
  failure: JobFailure,
  calls: JobPlan | null,
): Pick<Step, "operation" | "service"> | null => {
  if (step.operation !== "stack.up") return step;
  const words = daemonWords(failure.message);
  if (words === null) return null;
  if (failure.class.startsWith("network.")) return { operation: "network.create", service: null };
  const named = (calls?.phases.flat() ?? []).find(
    (each) => each.kind === "container.create" && words.includes(each.container),
  );
  const operation =
    failure.class === "container.name_conflict" ? "container.create" : "container.start";
  return named === undefined ? null : { operation, service: serviceOf(named) };
};

/** Whole phases before the failing operation's own, and of that only the operation. */
const stepsBefore = (job: JobPlan, failing: Operation): readonly ReproStep[] => {
  const at = job.phases.findIndex((phase) => phase.includes(failing));
  return job.phases
    .slice(0, at)
    .flat()
    .map((operation) => ({ job: job.id, operation }));
};

/** @throws StressError("usage") for a job that did not fail, or failed in what no script can do */
export const repro = (whole: RunHistory, job: string): Repro => {
  const wave = whole.waves.find(({ jobs }) => jobs.some(({ id }) => id === job));
  const history = wave === undefined ? whole : profileOfArm(whole, wave.started.arm);
  const failed = wave?.jobs.find(({ id }) => id === job);
  const failure = failed === undefined ? null : finalFailureOf(failed);
  if (wave === undefined || failure === null) {
    throw cannot(`job ${job} did not fail: there is nothing to repeat`);
  }
  const { step } = failure;
  const { request, run } = history.started;
  const calls = byOurCalls(history);
  const real = plannedWaves(history, calls);
  if (request === undefined || real === null) {
    throw cannot(
      "this journal is of version 1 and does not hold what the jobs asked for; a script needs a newer run",
    );
  }
  const said = JSON.stringify([request, run]);
  const placeholders = {
    run: { mark: markBeside(said, "REPRORUN"), variable: "RUN" },
    owner: { mark: markBeside(said, "REPROOWNER"), variable: "OWNER" },
  };
  const [runMark, ownerMark] = [placeholders.run.mark, placeholders.owner.mark];
  const marked = plannedWaves(history, { ...calls, run: runMark, owner: ownerMark }) ?? [];
  const planned = plannedJob(marked, job);
  const call = callOf(step, failure, plannedJob(real, job));
  const operation = planned === null || call === null ? null : operationOf(planned, call);
  if (planned === null || operation === null) {
    throw cannot(
      `job ${job} failed at ${step.operation}, for which its request has no call to the engine: ` +
        "`stress explain` shows it",
    );
  }
  if (operation.kind === "identity") {
    throw cannot(
      `job ${job} failed at its identity check, which is no call to the engine: \`stress explain\` shows it`,
    );
  }
  const spec = createOf(planned, serviceOf(operation))?.spec ?? null;
  const scene: Scene = { history, wave, job, step, plans: { real, marked }, spec };
  const attribution = attributionOf(failure, {
    started: history.started,
    job,
    wave,
    planned: plannedWave(real, wave),
  });
  const cause = attribution.cause ?? LIKELIEST[failure.class] ?? null;
  const condition: Condition =
    cause === null
      ? { kind: "none", why: "what brought it about is not known: alone, the calls may succeed" }
      : conditionOf(scene, cause);
  const failing = { job, operation };
  const others = condition.kind === "other-jobs" ? condition.steps : [];
  const before = stepsBefore(planned, operation);
  return {
    history,
    wave: wave.started,
    job,
    failure,
    attribution,
    placeholders,
    steps: before,
    failing,
    condition,
    assumed: attribution.certainty === "open" || attribution.cause === "gone",
    expected: expectedOf(step, failure, {
      access: operation.kind === "ready" ? operation.access.via : null,
      run,
    }),
    images: imagesOf([...others, ...before, failing]),
  };
};
