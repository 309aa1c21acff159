import { MODES, type Mode } from "../../core/model.ts";
import { MODE_RULES } from "../../core/modes.ts";
import { NEMESIS_HELP, parseNemesis, type Nemesis } from "../../core/nemesis.ts";
import { seconds } from "../../core/units.ts";
import type { EngineChoice } from "../engine-choice.ts";
import type { RunOptions } from "../run-options.ts";
import { entry } from "./entry.ts";
import {
  daemonJsonOption,
  engineOptions,
  imagesOption,
  jsonOption,
  listOf,
  oneText,
  outOption,
  toEngine,
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

const modeHelp = MODES.map((mode) => `${mode}: ${MODE_RULES[mode].title}`).join("\n");

const runOptions = {
  n: {
    describe: "jobs released at once; several numbers are several arms of each mode",
    default: "1,16",
    requiresArg: true,
    coerce: toNumbers,
  },
  mode: {
    describe: modeHelp,
    default: "ports,noports",
    requiresArg: true,
    coerce: toModes,
  },
  waves: {
    describe: "waves of each mode",
    default: 3,
    requiresArg: true,
    coerce: wholeNumber("waves", { min: 1, max: 10_000 }),
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
    describe: "what a job does",
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

const optionsOf = {
  ...runOptions,
  ...engineOptions,
  ...imagesOption,
  ...daemonJsonOption,
  ...daemonLogOption,
  ...outOption,
  ...jsonOption,
};

export const runEntry = entry({
  name: "run",
  words: ["run", "$0"],
  describe: "run waves of jobs and report",
  flags: Object.keys(optionsOf),
  build: (command) => command.options(optionsOf),
  read: (args): RunOptions => {
    const options: RunOptions = {
      ns: args.n,
      modes: args.mode.length > 0 ? args.mode : usage("--mode needs a value"),
      waves: args.waves,
      ports: args.ports,
      services: args.services ?? [],
      scenario: args.scenario ?? usage("--scenario needs a value"),
      engine: withLog(toEngine(args), args.daemonLog),
      sharedEngine: args.sharedEngine,
      images: args.images ?? null,
      daemonJson: args.daemonJson ?? null,
      seed: args.seed ?? null,
      timeout: seconds(args.timeout),
      out: args.out ?? usage("--out needs a value"),
      json: args.json,
      dryRun: args.dryRun,
      keepFailed: args.keepFailed,
      nemeses: args.nemesis ?? [],
    };
    const takesDaemonJson = options.engine.kind !== "auto";
    if (options.daemonJson !== null && !takesDaemonJson) {
      usage("--daemon-json is for an engine of our own: add --engine managed");
    }
    return options;
  },
  load: async () => (await import("../commands/run.ts")).runCommand,
});
