/**
 * The claims behind a verdict and what limits them, one sentence each, the most pressing first.
 */
import { adviceFor, CAUSES, type Cause, type Certainty } from "./causes.ts";
import { unreachable } from "./errors.ts";
import type { EngineFacts, EventOf } from "./events.ts";
import { RETRYING_VERSIONS, retriesAddPort } from "./known-engines.ts";
import { letsDaemonChoose } from "./modes.ts";
import type { JobFailure } from "./outcome.ts";
import type { PortTrace } from "./port-trace.ts";
import type { Signal } from "./signals.ts";
import { formatInterval } from "./statistics.ts";
import type { ArmSummary, Leak, Summary } from "./summary.ts";
import { count, formatShare } from "./units.ts";

export interface Grounds {
  readonly arms: readonly ArmSummary[];
  /** The same by engine: what is known of one version is not said of another. */
  readonly parts: readonly { readonly arms: readonly ArmSummary[]; readonly engine: EngineFacts }[];
  readonly profiles: Summary["profiles"];
  readonly warmups: Summary["warmups"];
  readonly capacity: Summary["capacity"];
  readonly signals: readonly Signal[] | null;
  readonly portTraces: readonly PortTrace[];
  readonly leaks: readonly Leak[];
  readonly ended: Summary["ended"];
  readonly endMessage: string | null;
  readonly refused: readonly EventOf<"event.refused">[];
  readonly simulated: boolean;
  /** Faults that were injected. */
  readonly faults: number;
  /** What teardown was refused, or got no answer to. */
  readonly teardown: readonly JobFailure[];
  /** Arms with waves that have failures and were cut off. */
  readonly cutOff: readonly { readonly arm: string; readonly waves: number }[];
}

const were = (amount: number): string => (amount === 1 ? "was" : "were");

const unnamed = ({ arms }: Grounds): readonly string[] => {
  const amount = arms
    .flatMap(({ failures }) => failures)
    .filter((failure) => failure.class === "unknown")
    .reduce((total, failure) => total + failure.count, 0);
  if (amount === 0) return [];
  return [`the words of ${count(amount, "failure")} fit no known signature: read them first`];
};

const onPurpose = ({ faults }: Grounds): readonly string[] =>
  faults === 0
    ? []
    : [
        `${count(faults, "fault")} ${were(faults)} injected on purpose (--nemesis): the rates say nothing of the engine left alone`,
      ];

/** What lies between, and on which machine the engine is, cannot be told from an address. */
const overTcp = ({ parts }: Grounds): readonly string[] =>
  [...new Set(parts.map(({ engine }) => engine.address))]
    .filter((address) => /^(?:tcp|http):/.test(address))
    .map(
      (address) =>
        `the engine was reached over TCP, ${address}: times include what lies between, and if it is on another ` +
        "machine, nothing of that machine (port holders, processes, log) was read",
    );

const leftOut = ({ profiles }: Grounds): readonly string[] =>
  profiles.flatMap(({ name, skipped }) =>
    skipped === null ? [] : [`profile ${name} was left out: ${skipped}`],
  );

const warmedUp = ({ warmups: { waves, failed } }: Grounds): readonly string[] =>
  waves === 0
    ? []
    : [
        `${count(waves, "warm-up wave")} ${were(waves)} not counted` +
          (failed === 0
            ? ""
            : `, nor ${were(failed)} ${count(failed, "failed job")} in ${waves === 1 ? "it" : "them"}`),
      ];

const claim = ({ id, jobs, failureRate }: ArmSummary): string => {
  if (failureRate === null) {
    const started = count(jobs.ok + jobs.failed + jobs.unfinished, "job");
    return (
      `no wave finished in ${id}: ${String(jobs.ok)} OK, ${String(jobs.failed)} failed and ` +
      `${String(jobs.unfinished)} unfinished of ${started} are no rate`
    );
  }
  const { failed } = failureRate;
  const of = count(failureRate.of, "job");
  return failed === 0
    ? `${String(failureRate.of)} of ${of} OK in ${id}: the failure rate may still be up to ` +
        `${formatShare(failureRate.high)} (Wilson 95 %)`
    : `${String(failed)} of ${of} failed in ${id}: ${formatShare(failureRate.value)} ` +
        `(Wilson 95 %: ${formatInterval(failureRate)})`;
};

/** What failures of one arm have in common. */
interface Explained {
  readonly cause: Cause | null;
  readonly certainty: Certainty;
  count: number;
  readonly example: string;
}

const explained = ({ failures }: ArmSummary): readonly Explained[] => {
  const found: Explained[] = [];
  // Where nothing was looked at there is nothing to add to the class.
  const looked = failures.flatMap((failure) =>
    failure.causes.filter(({ after }) => after !== null),
  );
  for (const { cause, certainty, count: amount, example } of looked) {
    const same = found.find((each) => each.cause === cause && each.certainty === certainty);
    if (same === undefined) found.push({ cause, certainty, count: amount, example });
    else same.count += amount;
  }
  return found.toSorted(
    (a, b) => b.count - a.count || Number(a.cause === "gone") - Number(b.cause === "gone"),
  );
};

const times = (amount: number, of: number): string => {
  if (amount < of) return `${String(amount)} of ${String(of)} times`;
  return of === 1 ? "once" : "each time";
};

/** Why, by the evidence; an example of it, and what makes it stop. */
const causes = ({ arms }: Grounds): readonly string[] =>
  arms.flatMap((arm) => {
    const failed = arm.failures.reduce((total, failure) => total + failure.count, 0);
    return explained(arm).map(({ cause, certainty, count: amount, example }) => {
      const head = `${arm.id}, why: ${times(amount, failed)}`;
      if (cause === null) return `${head} not known (${example})`;
      const { meaning } = CAUSES[cause];
      const advice = adviceFor(cause, { dynamic: letsDaemonChoose(arm.mode) });
      const how = certainty === "shown" ? "shown" : "inferred";
      return `${head} ${meaning} (${how}, e.g. ${example}); what helps: ${advice}`;
    });
  });

/** Where networks were to run out, or ran out all the same. */
const networks = ({ capacity }: Grounds): readonly string[] =>
  (capacity?.arms ?? []).flatMap(({ arm, waves, text }) =>
    waves.some(({ predicted, seen }) => predicted + seen > 0) ? [`${arm}, networks: ${text}`] : [],
  );

/** What is known of this engine and makes such failures likelier. */
const engineKnowledge = ({ arms, engine }: Grounds["parts"][number]): readonly string[] => {
  const dynamic = arms.some(
    ({ mode, failures }) =>
      letsDaemonChoose(mode) &&
      failures.some((failure) => failure.class === "port.rootlesskit_addport_in_use"),
  );
  const retries = dynamic ? retriesAddPort(engine.version) : null;
  if (retries === null) return [];
  if (retries) {
    return [
      `Engine ${engine.version} tries ten dynamic ports before it refuses a start: these refusals came after 10 tries`,
    ];
  }
  return [
    `Engine ${engine.version} does not try another dynamic port when RootlessKit refuses one; ${RETRYING_VERSIONS} do`,
  ];
};

const rangeText = ([first, last]: readonly [number, number]): string =>
  `${String(first)}–${String(last)}`;

/**
 * Where nothing failed because the engine's dynamic ports were kept apart from those of the host's connections: Docker
 * as it comes takes both from one range.
 */
const portsApart = ({ arms, engine }: Grounds["parts"][number]): readonly string[] => {
  const { rootless, enginePortRange: own, hostPortRange: host } = engine;
  if (!rootless || own === null || host === null) return [];
  const isApart = own[1] < host[0] || host[1] < own[0];
  const calm = arms.filter(({ mode, jobs }) => letsDaemonChoose(mode) && jobs.failed === 0);
  if (!isApart || calm.length === 0) return [];
  return [
    `the engine's dynamic ports (${rangeText(own)}) are apart from those of the host's connections ` +
      `(${rangeText(host)}): a port held by such a connection was not tried in ` +
      `${calm.map(({ id }) => id).join(", ")}; --profile default has one range for both, as Docker comes`,
  ];
};

/** Levels at which a daemon complains. */
const COMPLAINTS: ReadonlySet<string> = new Set(["warning", "error", "fatal", "panic"]);

/** Longest piece of a log line in a sentence. */
const LOG_WORDS = 90;

const logWords = ({ template }: Signal): string =>
  template.length <= LOG_WORDS ? template : `${template.slice(0, LOG_WORDS)}…`;

const shapes = (signals: readonly Signal[]): readonly Signal[] => [
  ...new Map(signals.map((signal) => [signal.template, signal])).values(),
];

/** What the daemon's log complains of, and whether that goes with failure. */
const complaints = ({ signals, arms }: Grounds): readonly string[] => {
  if (signals === null || arms.every(({ jobs }) => jobs.failed === 0)) return [];
  const loud = signals.filter(({ level }) => level !== null && COMPLAINTS.has(level));
  const associated = shapes(signals.filter(({ verdict }) => verdict === "associated"));
  const idle = shapes(
    loud.filter(({ verdict }) => verdict === "constant" || verdict === "not associated"),
  );
  const [example] = idle;
  return [
    ...associated.map(
      (signal) =>
        `in the daemon's log, "${logWords(signal)}" is associated with failure in ${signal.arm}`,
    ),
    ...(example === undefined
      ? []
      : [
          `${count(idle.length, "recurring complaint")} of the daemon's log ${idle.length === 1 ? "does" : "do"} not go with failure, ` +
            `e.g. "${logWords(example)}" (${example.verdict})`,
        ]),
  ];
};

const leftBehind = ({ leaks }: Grounds): readonly string[] => {
  if (leaks.length === 0) return [];
  const objects = leaks.reduce((total, { what }) => total + what.length, 0);
  return [`${count(leaks.length, "wave")} left ${count(objects, "object")} behind`];
};

const ending = ({ ended, endMessage }: Grounds): readonly string[] => {
  switch (ended) {
    case "completed":
      return [];
    case "interrupted":
      return ["the run was interrupted"];
    case "engine-lost":
      return [`the run could not go on: ${endMessage ?? "it no longer answered"}`];
    case "trouble-failed":
      return [
        `the trouble that was asked for could not be made: ${endMessage ?? "nobody says why"}`,
      ];
    case "killed":
      return ["the journal has no end: the process was killed, or is still running"];
    default:
      return unreachable(ended);
  }
};

const unwritten = ({ refused }: Grounds): readonly string[] => {
  const [first] = refused;
  if (first === undefined) return [];
  return [
    `${count(refused.length, "event")} could not be written to the journal, the first a ${first.kind} (${first.why}): what it says is missing here; report it`,
  ];
};

const missing = ({ arms }: Grounds): readonly string[] =>
  arms
    .filter(({ waves }) => waves.finished < waves.planned)
    .map(
      ({ id, waves }) =>
        `${String(waves.finished)} of ${count(waves.planned, "wave")} finished in ${id}`,
    );

const biased = ({ cutOff }: Grounds): readonly string[] =>
  cutOff.map(
    ({ arm, waves }) =>
      `${count(waves, "wave")} of ${arm} with failures ${were(waves)} cut off and ` +
      `${waves === 1 ? "is" : "are"} in no rate`,
  );

const untidy = ({ teardown }: Grounds): readonly string[] => {
  if (teardown.length === 0) return [];
  const counts = new Map<string, number>();
  for (const failure of teardown) {
    counts.set(failure.class, (counts.get(failure.class) ?? 0) + 1);
  }
  const classes = [...counts].map(([name, amount]) => `${String(amount)} ${name}`);
  return [
    `${count(teardown.length, "teardown call")} ${were(teardown.length)} refused or not answered: ` +
      classes.join(", "),
  ];
};

const retried = ({ arms }: Grounds): readonly string[] =>
  arms.flatMap(({ id, portRetries, failures }) =>
    portRetries === null || portRetries === 0
      ? []
      : [
          `the daemon's log has ${count(portRetries, "retry", "retries")} of a port allocation in ${id}: ` +
            `what these cost is in the burst time${failures.length === 0 ? ", and no job saw them" : ""}`,
        ],
  );

/** One number, two jobs: which one a client reaches depends on the address that it tries first. */
const sharedPorts = ({ portTraces }: Grounds): readonly string[] => {
  const amounts = new Map<string, number>();
  for (const { arm, shared } of portTraces) {
    if (shared.length > 0) amounts.set(arm, (amounts.get(arm) ?? 0) + shared.length);
  }
  return [...amounts].map(
    ([arm, amount]) =>
      `${count(amount, "host port")} of ${arm} ${were(amount)} one job's over IPv4 and another's over IPv6: ` +
      "a client that says localhost may reach either; say 127.0.0.1, or publish on it",
  );
};

const dependent = ({ arms }: Grounds): readonly string[] =>
  arms.some(({ n, failureRate }) => n > 1 && failureRate !== null)
    ? ["jobs of one wave are not independent: the interval is narrower than the truth"]
    : [];

export const reasons = (grounds: Grounds): string[] => [
  ...(grounds.simulated ? ["the engine was simulated: this says nothing about a real one"] : []),
  ...onPurpose(grounds),
  ...overTcp(grounds),
  ...leftOut(grounds),
  ...unnamed(grounds),
  ...grounds.arms.map(claim),
  ...causes(grounds),
  ...networks(grounds),
  ...new Set(grounds.parts.flatMap(engineKnowledge)),
  // Injected faults hold ports of the engine's own range.
  ...(grounds.faults > 0 ? [] : new Set(grounds.parts.flatMap(portsApart))),
  ...complaints(grounds),
  ...leftBehind(grounds),
  ...ending(grounds),
  ...unwritten(grounds),
  ...missing(grounds),
  ...warmedUp(grounds),
  ...biased(grounds),
  ...untidy(grounds),
  ...retried(grounds),
  ...sharedPorts(grounds),
  ...dependent(grounds),
];
