/**
 * From flags to a run that is laid out: everything that can be refused without starting an engine is refused here.
 */
import { randomBytes } from "node:crypto";
import { hostAddresses } from "../../docker/evidence/host-addresses.ts";
import { resolveImageSet } from "../../docker/images/image-set.ts";
import { SCENARIOS } from "../../scenarios/catalogue.ts";
import { StressError, unreachable } from "../core/errors.ts";
import { formatExpectation, needsBaseline } from "../core/expectations/expectation.ts";
import { checkSelectors } from "../core/expectations/selection.ts";
import type { Arm, ImageSet, Scenario } from "../core/model.ts";
import type { ArmSpec, PlanRequest } from "../core/plan-request.ts";
import { MOST_JOBS, plan } from "../core/plan.ts";
import type { Profile } from "../core/profile.ts";
import { samplesOf } from "../core/samples.ts";
import { RUNNER_RULES } from "../core/runners/runner-rules.ts";
import { count, millis, type Millis } from "../core/units.ts";
import { armsAskedFor } from "./arms-asked-for.ts";
import { readDaemonJson } from "./daemon-json.ts";
import { KEPT, ownerToken } from "./owner.ts";
import { readProfiles, type TriedProfile } from "./profiles.ts";
import type { LaidOutRun } from "./record-run.ts";
import { recordedRun } from "./recorded-run.ts";
import { resolvedCommand } from "./resolved-command.ts";
import type { RunOptions } from "./run-options.ts";
import { refuseTrouble } from "./trouble.ts";

/** Jobs torn down at once: enough to keep two cores busy, too few to be a burst of its own. */
const TEARDOWN_CONCURRENCY = 4;

/**
 * For removing everything one wave made, in deadlines of one call: a daemon under load takes about a second for each
 * job, and one that leaves calls unanswered is asked whether it is still there.
 */
const TEARDOWN_CALLS = 10;

/** Engines of one's own that may be up at once, with one left for `--nemesis second-engine`. */
const MOST_PROFILES = 7;

/** With measurements of another length. */
const measuredFor = (scenario: Scenario, duration: Millis | null): Scenario => {
  if (duration === null) return scenario;
  switch (scenario.kind) {
    case "stacks":
      throw new StressError(
        "usage",
        `--seconds: scenario ${scenario.name} takes as long as it takes`,
      );
    case "routes":
      return { ...scenario, watchFor: duration };
    case "datapath":
      return {
        ...scenario,
        flows: scenario.flows.map((flow) => ({ ...flow, duration })),
        requests: scenario.requests.map((requests) => ({ ...requests, duration })),
      };
    default:
      return unreachable(scenario);
  }
};

const scenarioOf = ({ scenario, measureFor }: RunOptions): Scenario => {
  const found = Object.hasOwn(SCENARIOS, scenario) ? SCENARIOS[scenario] : undefined;
  if (found !== undefined) return measuredFor(found, measureFor);
  const known = Object.keys(SCENARIOS).join(", ");
  throw new StressError("usage", `--scenario "${scenario}" is not one of ${known}`);
};

const refuseTooManyJobs = (
  { ns, modes, waves }: RunOptions,
  arms: readonly ArmSpec[] | null,
): void => {
  const perBlock = arms?.map(({ n }) => n) ?? modes.flatMap(() => ns);
  const jobs = perBlock.reduce((total, n) => total + n, 0) * waves;
  if (jobs <= MOST_JOBS) return;
  throw new StressError(
    "usage",
    `--n, --waves and --mode make ${String(jobs)} jobs; a run holds ${String(MOST_JOBS)} in memory: make several`,
  );
};

const requestOf = (
  options: RunOptions,
  arms: readonly ArmSpec[] | null,
  {
    images,
    run,
    scenario,
  }: { readonly images: ImageSet; readonly run: string; readonly scenario: Scenario },
): PlanRequest => ({
  run,
  seed: options.seed ?? randomBytes(4).toString("hex"),
  scenario,
  services: options.services,
  modes: options.modes,
  ns: options.ns,
  ...(arms === null ? {} : { arms }),
  waves: options.waves,
  warmups: options.warmups ?? (arms === null ? 0 : 1),
  ports: options.ports,
  images,
  deadlines: {
    call: options.timeout,
    ready: options.timeout,
    teardown: millis(TEARDOWN_CALLS * options.timeout),
  },
  teardownConcurrency: TEARDOWN_CONCURRENCY,
  keepFailed: options.keepFailed,
  ...(scenario.kind === "routes" ? { hostAddresses: hostAddresses() } : {}),
  owner: options.keepFailed ? KEPT : ownerToken(),
});

/** The library asks the engine for more than the simulation has, and then waits for a minute. */
const refuseRunners = ({ engine }: RunOptions, arms: readonly Arm[]): void => {
  const runner = arms.find(
    ({ runner: name }) => name !== undefined && RUNNER_RULES[name].needs === "testcontainers",
  );
  if (engine.kind !== "fake" || runner === undefined) return;
  throw new StressError(
    "usage",
    "--runner testcontainers does not run on --engine fake: use a real engine, e.g. --engine managed",
  );
};

/** What goes together and what does not, where more than one engine may be meant. */
const refuseEngines = (options: RunOptions, profiles: readonly Profile[] | null): void => {
  const { engine, keepFailed, freshEngine } = options;
  if (keepFailed && engine.kind !== "auto") {
    throw new StressError(
      "usage",
      "--keep-failed: this engine goes when the run ends; use one that stays: stress engine up, then --host",
    );
  }
  if (engine.kind === "auto" && (profiles !== null || freshEngine !== "never")) {
    throw new StressError(
      "usage",
      "--profile, several --daemon-json and --fresh-engine are for engines of our own: leave --host and --context away",
    );
  }
  if (profiles !== null && profiles.length > MOST_PROFILES && freshEngine !== "wave") {
    throw new StressError(
      "usage",
      `--profile: ${count(profiles.length, "engine")} cannot be up at once; at most ${String(MOST_PROFILES)}, or --fresh-engine wave`,
    );
  }
};

/**
 * What the verdict will go by; null: by each failure.
 *
 * @throws StressError("usage") for arms that there are not, and for a baseline that is missing
 */
const expectedOf = (
  { expectations, baseline, out }: RunOptions,
  arms: readonly Arm[],
): NonNullable<LaidOutRun["expected"]> | null => {
  if (expectations.length === 0) return null;
  for (const expectation of expectations) {
    checkSelectors(expectation, arms);
    if (baseline === null && needsBaseline(expectation)) {
      throw new StressError(
        "usage",
        `--expect "${formatExpectation(expectation)}" compares with a run: --baseline RUN`,
      );
    }
  }
  const before = baseline === null ? null : recordedRun({ run: baseline, out });
  return {
    expectations: expectations.map(formatExpectation),
    ...(before === null
      ? {}
      : { baseline: { run: before.started.run, samples: samplesOf(before) } }),
  };
};

/** A run before its profiles were tried. */
export interface Draft {
  readonly laidOut: LaidOutRun;
  /** Null: one engine and no profile. */
  readonly profiles: readonly Profile[] | null;
}

/** @throws StressError("usage") for what does not exist, is not right, or does not go together */
export const layOut = (options: RunOptions, run: string): Draft => {
  const several = options.daemonJsons.length > 1 || options.profiles.length > 0;
  const profiles = several ? readProfiles(options.profiles, options.daemonJsons) : null;
  refuseEngines(options, profiles);
  refuseTrouble(options.nemeses, options);
  const { engine, sharedEngine, freshEngine, out, nemeses } = options;
  const set = resolveImageSet(options.images ?? (engine.kind === "auto" ? "hub" : "debian"));
  const arms = armsAskedFor(options, scenarioOf(options), profiles);
  refuseTooManyJobs(options, arms);
  const request = requestOf(options, arms, { images: set, run, scenario: scenarioOf(options) });
  const laidOutPlan = plan(request);
  refuseRunners(options, laidOutPlan.arms);
  const expected = expectedOf(options, laidOutPlan.arms);
  // `latest` is another run tomorrow.
  const baseline = expected?.baseline?.run ?? null;
  const resolved = { ...options, baseline };
  const command = options.command?.(request.seed) ?? resolvedCommand(resolved, request.seed);
  const daemonJson = profiles === null ? readDaemonJson(options.daemonJsons[0] ?? null) : null;
  return {
    profiles,
    laidOut: {
      ...{ request, plan: laidOutPlan, set, engine, sharedEngine, daemonJson, freshEngine },
      ...{ profiles: null, command, out, nemeses, until: options.until },
      ...(expected === null ? {} : { expected }),
    },
  };
};

/**
 * The run without the arms of profiles that cannot be had.
 *
 * @throws StressError("environment") when none is left
 */
export const withProfiles = (
  laidOut: LaidOutRun,
  profiles: readonly TriedProfile[],
): LaidOutRun => {
  const skipped = new Set(
    profiles.flatMap((each) => (each.skipped === null ? [] : each.profile.name)),
  );
  const arms = laidOut.request.arms?.filter(
    ({ profile }) => profile === undefined || !skipped.has(profile),
  );
  if (arms === undefined || arms.length === 0) {
    const why = profiles.map((each) => `${each.profile.name}: ${each.skipped ?? ""}`).join("; ");
    throw new StressError("environment", `none of the profiles can be had (${why})`);
  }
  const request = { ...laidOut.request, arms };
  return { ...laidOut, profiles, request, plan: plan(request) };
};
