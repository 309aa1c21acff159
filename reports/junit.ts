/**
 * A run as JUnit XML, for the test tab of a CI system.
 *
 * A suite an arm. Cases are claims with names that stay the same from night to night, because GitLab and Jenkins tell
 * what is new by name, and GitLab drops every further case of the same name: so no job has a case of its own. What
 * went wrong stands in the element's text, the one place that both show.
 */
import builders, { type TestCase, type TestSuite } from "junit-report-builder";
import { unreachable } from "../harness/core/errors.ts";
import { formatMitigation } from "../harness/core/mitigations.ts";
import type { ArmSummary, Failure, Leak, Summary, Verdict } from "../harness/core/summary.ts";
import { count } from "../harness/core/units.ts";
import { engineOfArm } from "./engine-of-arm.ts";
import { printable, printableLines, shortened } from "./printable.ts";
import { verdictLine } from "./verdict.ts";

/** Its types tell of a default export, which Node's own reading of the package does not have. */
const builder = "default" in builders ? builders.default : builders;

/** Room for one message; the summary and the journal hold it whole. */
const MESSAGE_WIDTH = 8000;

/** Jobs named per failure; the summary names all. */
const JOBS_NAMED = 20;

/** The writer splits only the first of these for CDATA, and the second would end it. */
const inCdata = (text: string): string => text.replaceAll("]]>", "]] >");

/** Line breaks kept, and nothing in it that XML cannot hold: it shows as its code. */
const content = (lines: readonly string[]): string =>
  inCdata(printableLines(lines.join("\n")).replace(/[\uFFFE\uFFFF]/g, "\uFFFD"));

const cut = (message: string): string =>
  message.length <= MESSAGE_WIDTH
    ? message
    : `${shortened(message, MESSAGE_WIDTH)}\n[cut: ${String(message.length)} characters in all, whole in summary.json]`;

/**
 * `beside`: it says nothing of the verdict. A skipped case is no failure in any CI system, and no pass.
 */
type State = Verdict | "beside";

/** The last dot of a class name parts its package from it, in Jenkins. */
const className = (arm: string): string => `stress.${printable(arm).replaceAll(".", "_")}`;

interface Claim {
  readonly name: string;
  readonly state: State;
  /** What is wrong, in a line. */
  readonly message: string;
  readonly details: readonly string[];
}

/** What nothing is known of is an error: a skipped case would leave the build green. */
const stateIn = (made: TestCase, { state, message, details }: Claim): void => {
  const head = printable(message);
  switch (state) {
    case "holds":
      if (details.length > 0) made.standardOutput(content(details));
      return;
    case "violated":
      made.failure(head, "violated").stacktrace(content([message, ...details]));
      return;
    case "unknown":
      made.error(head, "unknown", content([message, ...details]));
      return;
    case "beside":
      made.skipped().standardOutput(content([message, ...details]));
      return;
    default:
      unreachable(state);
  }
};

const finishedText = ({ finished, planned }: ArmSummary["waves"]): string =>
  `${String(finished)} of ${count(planned, "wave")} finished`;

const jobsClaim = ({ jobs, waves, failures, failureRate }: ArmSummary): Claim => {
  const all = count(jobs.ok + jobs.failed + jobs.unfinished, "job");
  const outcome =
    `${String(jobs.ok)} OK, ${String(jobs.failed)} failed and ${String(jobs.unfinished)} unfinished of ${all}; ` +
    finishedText(waves);
  const tooLittle = jobs.ok === 0 || waves.finished < waves.planned || failureRate === null;
  return {
    name: "every job is OK",
    state: jobs.failed > 0 ? "violated" : tooLittle ? "unknown" : "holds",
    message: outcome,
    details: failures.map(
      (failure) => `${String(failure.count)} × ${failure.label} (${failure.class})`,
    ),
  };
};

const kindOf = ({ label, class: name }: Failure): string => `${label} (${name})`;

const detailsOf = (failure: Failure): readonly string[] => {
  const more = failure.jobs.length - JOBS_NAMED;
  const named = failure.jobs.slice(0, JOBS_NAMED).join(", ");
  return [
    cut(failure.example),
    ...failure.causes.map(
      ({ cause, certainty, count: amount, example }) =>
        `why: ${String(amount)} × ${cause ?? "not known"} (${certainty}): ${example}`,
    ),
    `jobs: ${more > 0 ? `${named} and ${String(more)} more` : named}`,
    "",
  ];
};

/** One claim a kind: what no signature names may be several failures of one label. */
const failureClaims = ({ failures }: ArmSummary): readonly Claim[] =>
  [...new Set(failures.map(kindOf))].map((kind) => {
    const same = failures.filter((failure) => kindOf(failure) === kind);
    const amount = same.reduce((total, failure) => total + failure.count, 0);
    return {
      name: kind,
      state: "violated",
      message: `${String(amount)} × ${kind}`,
      details: same.flatMap(detailsOf),
    };
  });

const leakClaim = ({ id, waves }: ArmSummary, leaks: readonly Leak[]): Claim => {
  const left = leaks.filter(({ arm }) => arm === id);
  const objects = left.reduce((total, { what }) => total + what.length, 0);
  return {
    name: "nothing is left behind",
    state: left.length > 0 ? "violated" : waves.finished < waves.planned ? "unknown" : "holds",
    message:
      left.length > 0
        ? `${count(left.length, "wave")} left ${count(objects, "object")} behind`
        : finishedText(waves),
    details: left.flatMap(({ wave, what }) => what.map((each) => `wave ${String(wave)}: ${each}`)),
  };
};

/**
 * Where something particular was expected of a run, that is what is judged, and not whether every job is OK; leaving
 * something behind is wrong in any run.
 */
const claimsOf = (arm: ArmSummary, { expectations, leaks }: Summary): readonly Claim[] => {
  const leak = leakClaim(arm, leaks);
  const claims = [jobsClaim(arm), ...failureClaims(arm), leak];
  if (expectations.length === 0) return claims;
  return claims.map((claim) =>
    claim.state === "holds" || (claim === leak && claim.state === "violated")
      ? claim
      : { ...claim, state: "beside" },
  );
};

const expectationClaims = ({ expectations }: Summary): readonly Claim[] =>
  expectations.map(({ expectation, verdict, words, arms }) => ({
    name: expectation,
    state: verdict,
    message: words,
    details: arms.map((each) => `${each.arm}: ${each.words} (${each.verdict})`),
  }));

const skippedProfiles = ({ profiles }: Summary): readonly Claim[] =>
  profiles.flatMap(({ name, skipped }) =>
    skipped === null ? [] : [{ name, state: "beside", message: skipped, details: [] }],
  );

const describe = (suite: TestSuite, arm: ArmSummary, summary: Summary): void => {
  const engine = engineOfArm(summary, arm);
  const properties = {
    run: summary.run,
    seed: summary.seed,
    scenario: arm.scenario,
    mode: arm.mode,
    n: String(arm.n),
    profile: arm.profile,
    ports: arm.ports,
    mitigation: arm.mitigation === undefined ? undefined : formatMitigation(arm.mitigation),
    engine: engine.version,
    architecture: engine.architecture,
    kernel: engine.kernel,
    simulated: summary.simulated ? "SIMULATED" : undefined,
  };
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) suite.property(name, printable(value));
  }
};

/** Without fractions of a second and zone, as the schema of Ant's JUnit task has it; in UTC. */
const timestamp = (startedAt: string): string | null =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(startedAt)?.[0] ?? null;

/** Times are burst times, in seconds: the median of the arm's waves. */
export const junit = (summary: Summary): string => {
  const file = builder.newBuilder().name("stress");
  const started = timestamp(summary.startedAt);
  const suiteOf = (name: string): TestSuite => {
    const suite = file.testSuite().name(printable(name));
    return started === null ? suite : suite.timestamp(started);
  };
  const add = (suite: TestSuite, of: string, claim: Claim): TestCase => {
    const made = suite.testCase().className(className(of)).name(printable(claim.name));
    stateIn(made, claim);
    return made;
  };
  const verdict: Claim = {
    name: "verdict",
    state: summary.verdict,
    message: verdictLine(summary),
    details: summary.reasons,
  };
  const aboutAll = {
    run: [verdict],
    expectations: expectationClaims(summary),
    "skipped profiles": skippedProfiles(summary),
  };
  for (const [name, claims] of Object.entries(aboutAll)) {
    if (claims.length === 0) continue;
    const suite = suiteOf(name);
    for (const claim of claims) add(suite, name, claim);
  }
  for (const arm of summary.arms) {
    const burst = arm.burst === null ? 0 : Math.round(arm.burst.median) / 1000;
    const suite = suiteOf(arm.id).time(burst);
    describe(suite, arm, summary);
    for (const [position, claim] of claimsOf(arm, summary).entries()) {
      add(suite, arm.id, claim).time(position === 0 ? burst : 0);
    }
  }
  return `${file.build()}\n`;
};
