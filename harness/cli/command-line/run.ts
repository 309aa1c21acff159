import type { ArgumentsCamelCase, InferredOptionTypes } from "yargs";
import { SCENARIOS } from "../../../scenarios/catalogue.ts";
import { routes } from "../../../scenarios/routes.ts";
import { MODES, type Mode } from "../../core/model.ts";
import type { Expectation } from "../../core/expectations/expectation.ts";
import { EXPECTATION_HELP, parseExpectation } from "../../core/expectations/parse.ts";
import { MITIGATION_HELP, parseMitigation, type Mitigation } from "../../core/mitigations.ts";
import { MODE_RULES } from "../../core/modes.ts";
import { NEMESIS_HELP, parseNemesis, type Nemesis } from "../../core/nemesis.ts";
import { RUNNERS, type RunnerName } from "../../core/runners/runner-names.ts";
import { RUNNER_RULES } from "../../core/runners/runner-rules.ts";
import { seconds } from "../../core/units.ts";
import type { EngineChoice } from "../engine-choice.ts";
import { FRESHNESS } from "../freshness.ts";
import type { RunOptions } from "../run-options.ts";
import { defaultsOf, describeDefault, type ScenarioDefaults } from "../scenario-defaults.ts";
import { entry } from "./entry.ts";
import {
  engineOptions,
  imagesOption,
  jsonOption,
  listOf,
  oneText,
  outOption,
  outputOptions,
  toEngine,
  toOutputs,
  usage,
  wholeNumber,
} from "./flags.ts";

const toServices = (value: unknown): readonly string[] => {
  if (value === undefined) return [];
  const services = listOf("services", value);
  return services.length > 0 ? services : usage("--services needs at least one name");
};

const toModes = (value: unknown): readonly Mode[] =>
  listOf("mode", value).map((name) => {
    const mode = MODES.find((each) => each === name);
    return mode ?? usage(`--mode "${name}" is not one of ${MODES.join(", ")}`);
  });

/** `1,16`: each an arm of its own. */
const toNumbers = (value: unknown): readonly number[] => {
  const check = wholeNumber("n", { min: 1, max: 10_000 });
  const numbers = (typeof value === "number" ? [value] : listOf("n", value)).map(check);
  return numbers.length > 0 ? [...new Set(numbers)] : usage("--n needs a value");
};

const toNemeses = (value: unknown): readonly Nemesis[] => {
  if (value === undefined) return [];
  const nemeses = listOf("nemesis", value).map(parseNemesis);
  return nemeses.length > 0 ? nemeses : usage("--nemesis needs a value");
};

const toRunners = (value: unknown): readonly RunnerName[] => {
  const runners = listOf("runner", value).map(
    (name) =>
      RUNNERS.find((each) => each === name) ??
      usage(`--runner "${name}" is not one of ${RUNNERS.join(", ")}`),
  );
  return runners.length > 0 ? runners : usage("--runner needs a value");
};

const runnerHelp =
  "whose calls a job makes, beside those of api; several are compared:\n" +
  RUNNERS.map((name) => `${name}: ${RUNNER_RULES[name].title}`).join("\n");

const toVariants = (value: unknown): readonly string[] | undefined => {
  if (value === undefined) return undefined;
  const variants = listOf("variant", value);
  return variants.length > 0 ? variants : usage("--variant needs a value");
};

const scenarioHelp = Object.values(SCENARIOS)
  .map(({ name, title }) => `${name}: ${title}`)
  .join("\n");

const variantHelp = routes.variants.map(({ name, title }) => `${name}: ${title}`).join("\n");

const modeHelp = MODES.map((mode) => `${mode}: ${MODE_RULES[mode].title}`).join("\n");

const runOptions = {
  n: {
    describe: "jobs released at once; several numbers are several arms of each mode",
    defaultDescription: describeDefault(({ ns }) => ns.join(",")),
    requiresArg: true,
    coerce: (value: unknown) => (value === undefined ? undefined : toNumbers(value)),
  },
  mode: {
    describe: modeHelp,
    defaultDescription: describeDefault(({ modes }) => modes.join(",")),
    requiresArg: true,
    coerce: (value: unknown) => (value === undefined ? undefined : toModes(value)),
  },
  runner: {
    describe: runnerHelp,
    defaultDescription: "api",
    requiresArg: true,
    coerce: (value: unknown) => (value === undefined ? undefined : toRunners(value)),
  },
  variant: {
    describe: `which of the variants of --scenario routes:\n${variantHelp}`,
    defaultDescription: "all",
    requiresArg: true,
    coerce: toVariants,
  },
  seconds: {
    describe:
      "how long each flow is counted (datapath), or connections are watched after the attach (routes)",
    defaultDescription: "datapath: 2, routes: 5",
    requiresArg: true,
    coerce: (value: unknown) =>
      value === undefined ? undefined : wholeNumber("seconds", { min: 1, max: 3600 })(value),
  },
  waves: {
    describe: "waves of each arm",
    defaultDescription: describeDefault(({ waves }) => String(waves)),
    requiresArg: true,
    coerce: (value: unknown) =>
      value === undefined ? undefined : wholeNumber("waves", { min: 1, max: 10_000 })(value),
  },
  ports: {
    describe: "all: every port the images expose; minimal: the one the job uses",
    choices: ["all", "minimal"],
    default: "all",
  },
  services: {
    describe: "which of the scenario's services to start",
    requiresArg: true,
    defaultDescription: "all",
    coerce: toServices,
  },
  scenario: {
    describe: `what a job does:\n${scenarioHelp}`,
    default: "stacks",
    coerce: oneText("scenario"),
    requiresArg: true,
    type: "string",
  },
  "shared-engine": {
    describe: "use an engine although it runs other people's containers",
    type: "boolean",
    default: false,
  },
  seed: {
    describe: "order of the waves within each block",
    coerce: oneText("seed"),
    requiresArg: true,
    type: "string",
  },
  timeout: {
    describe: "seconds for each call, and for a service to become ready",
    default: 60,
    requiresArg: true,
    coerce: wholeNumber("timeout", { min: 1, max: 3600 }),
  },
  "dry-run": {
    describe: "print the calls that would be made, and stop",
    type: "boolean",
    default: false,
  },
  "keep-failed": {
    describe:
      "stop after the first wave with failures and leave its failed jobs for a look; `stress clean RUN` removes them",
    type: "boolean",
    default: false,
  },
  nemesis: {
    describe: `trouble on purpose, in every wave; may be repeated:\n${Object.values(NEMESIS_HELP).join("\n")}`,
    requiresArg: true,
    coerce: toNemeses,
  },
} as const;

const daemonLogOption = {
  "daemon-log": {
    describe: "file that the engine's daemon logs to; without it, systemd's journal is read",
    coerce: oneText("daemon-log"),
    requiresArg: true,
    type: "string",
  },
} as const;

/** Engines of our own have a log that we know. */
const withLog = (engine: EngineChoice, log: string | undefined): EngineChoice => {
  if (log === undefined) return engine;
  if (engine.kind !== "auto") return usage("--daemon-log: the log of this engine is known already");
  return { ...engine, log };
};

/** Comparing setups takes engines that can be set up: managed ones, unless something else was said. */
const ownIfCompared = (engine: EngineChoice, profiles: readonly string[]): EngineChoice => {
  const unsaid =
    engine.kind === "auto" && engine.host === undefined && engine.context === undefined;
  return unsaid && profiles.length > 0 ? { kind: "managed" } : engine;
};

/** The scenario's own where none are given; an engine that is there already has no others to be compared with. */
const profilesOf = (
  {
    profile,
    daemonJson,
  }: {
    readonly profile: readonly string[] | undefined;
    readonly daemonJson: readonly string[] | undefined;
  },
  engine: EngineChoice,
  defaults: ScenarioDefaults,
): readonly string[] => {
  if (profile !== undefined) return profile;
  const elsewhere =
    engine.kind === "auto" && (engine.host !== undefined || engine.context !== undefined);
  return elsewhere || engine.kind === "fake" || daemonJson !== undefined ? [] : defaults.profiles;
};

/** Whole, since a comma is part of the grammar. */
const toExpectations = (value: unknown): readonly Expectation[] | undefined =>
  value === undefined
    ? undefined
    : [value].flat().map((each) => parseExpectation(typeof each === "string" ? each : ""));

const toMitigations = (value: unknown): readonly (Mitigation | null)[] | undefined =>
  value === undefined
    ? undefined
    : listOf("mitigation", value).map((each) => (each === "none" ? null : parseMitigation(each)));

/** All flags of a run: also those of commands that are a run and more. */
export const runFlags = {
  ...runOptions,
  ...engineOptions,
  ...imagesOption,
  "daemon-json": {
    describe: "daemon.json of a managed engine; several: each compared with the others",
    coerce: (value: unknown) => (value === undefined ? undefined : listOf("daemon-json", value)),
    requiresArg: true,
  },
  profile: {
    describe:
      "how an engine is set up, by name or file; several are compared; see `stress profiles`",
    coerce: (value: unknown) => (value === undefined ? undefined : listOf("profile", value)),
    requiresArg: true,
  },
  "fresh-engine": {
    describe: "when an engine of our own gives way to a new one",
    choices: FRESHNESS,
    default: "never" as const,
  },
  mitigation: {
    describe: `what is done about failures; several are compared, with none among them:\n${Object.values(MITIGATION_HELP).join("\n")}`,
    coerce: toMitigations,
    requiresArg: true,
  },
  expect: {
    describe: `what the verdict goes by, instead of by each failure; may be repeated:\n${EXPECTATION_HELP}`,
    coerce: toExpectations,
    requiresArg: true,
  },
  baseline: {
    describe: "the run that --expect compares with: its id, its directory, or latest",
    coerce: oneText("baseline"),
    requiresArg: true,
    type: "string" as const,
  },
  until: {
    describe: "waves: all of them; verdict: as soon as all expectations (or arms) are decided",
    choices: ["waves", "verdict"] as const,
    default: "waves" as const,
  },
  warmup: {
    describe: "rounds of warm-up, in no rate, no time and no comparison",
    defaultDescription: "1 where profiles or mitigations are compared",
    coerce: (value: unknown) =>
      value === undefined ? undefined : wholeNumber("warmup", { min: 0, max: 100 })(value),
    requiresArg: true,
  },
  ...daemonLogOption,
  ...outOption,
  ...jsonOption,
  ...outputOptions,
};

/** @throws StressError("usage") for values that do not go together */
export const toRunOptions = (
  args: ArgumentsCamelCase<InferredOptionTypes<typeof runFlags>>,
): RunOptions => {
  const scenario = args.scenario ?? usage("--scenario needs a value");
  const defaults = defaultsOf(scenario);
  const chosen = toEngine(args);
  const profiles = profilesOf(args, chosen, defaults);
  const modes = args.mode ?? defaults.modes;
  const options: RunOptions = {
    ns: args.n ?? defaults.ns,
    modes: modes.length > 0 ? modes : usage("--mode needs a value"),
    runners: args.runner ?? [],
    variants: args.variant ?? [],
    measureFor: args.seconds === undefined ? null : seconds(args.seconds),
    waves: args.waves ?? defaults.waves,
    ports: args.ports,
    services: args.services ?? [],
    scenario,
    engine: withLog(ownIfCompared(chosen, profiles), args.daemonLog),
    sharedEngine: args.sharedEngine,
    images: args.images ?? null,
    profiles,
    daemonJsons: args.daemonJson ?? [],
    freshEngine: args.freshEngine,
    mitigations: args.mitigation ?? [],
    arms: null,
    warmups: args.warmup ?? defaults.warmups,
    expectations: args.expect ?? [],
    baseline: args.baseline ?? null,
    until: args.until,
    seed: args.seed ?? null,
    timeout: seconds(args.timeout),
    out: args.out ?? usage("--out needs a value"),
    json: args.json,
    outputs: toOutputs(args),
    dryRun: args.dryRun,
    keepFailed: args.keepFailed,
    nemeses: args.nemesis ?? [],
  };
  if (options.daemonJsons.length > 0 && options.engine.kind === "auto") {
    usage("--daemon-json is for an engine of our own: add --engine managed");
  }
  return options;
};

export const runEntry = entry({
  name: "run",
  words: ["run", "$0"],
  describe: "run waves of jobs and report",
  flags: Object.keys(runFlags),
  build: (command) => command.options(runFlags),
  read: toRunOptions,
  load: async () => (await import("../commands/run.ts")).runCommand,
});
