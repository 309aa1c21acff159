/**
 * The claims behind a verdict and what limits them, one sentence each, the most pressing first.
 */
import { unreachable } from "./errors.ts";
import type { JobFailure } from "./outcome.ts";
import { formatInterval } from "./statistics.ts";
import type { ArmSummary, Leak, Summary } from "./summary.ts";
import { count, formatShare } from "./units.ts";

export interface Grounds {
  readonly arms: readonly ArmSummary[];
  readonly leaks: readonly Leak[];
  readonly ended: Summary["ended"];
  readonly endMessage: string | null;
  readonly simulated: boolean;
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
      return [`the run ended because of the engine: ${endMessage ?? "it no longer answered"}`];
    case "killed":
      return ["the journal has no end: the process was killed, or is still running"];
    default:
      return unreachable(ended);
  }
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
  arms.flatMap(({ id, portRetries }) =>
    portRetries === null || portRetries === 0
      ? []
      : [
          `the daemon's log has ${count(portRetries, "retry", "retries")} of a port allocation in ${id}: ` +
            "what these cost is in the burst time, and no job saw them",
        ],
  );

const dependent = ({ arms }: Grounds): readonly string[] =>
  arms.some(({ n, failureRate }) => n > 1 && failureRate !== null)
    ? ["jobs of one wave are not independent: the interval is narrower than the truth"]
    : [];

export const reasons = (grounds: Grounds): string[] => [
  ...(grounds.simulated ? ["the engine was simulated: this says nothing about a real one"] : []),
  ...unnamed(grounds),
  ...grounds.arms.map(claim),
  ...leftBehind(grounds),
  ...ending(grounds),
  ...missing(grounds),
  ...biased(grounds),
  ...untidy(grounds),
  ...retried(grounds),
  ...dependent(grounds),
];
