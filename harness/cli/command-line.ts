/**
 * From argv, `STRESS_*` and a config file to one command with checked values. Nothing is started here.
 */
import { readFileSync } from "node:fs";
import yargs from "yargs";
import { parse as parseYaml } from "yaml";
import { messageOf, StressError } from "../core/errors.ts";
import { MODES, type Mode } from "../core/model.ts";
import { MODE_RULES } from "../core/modes.ts";
import { seconds, type Millis } from "../core/units.ts";

/** Where the engine comes from. */
export type EngineChoice =
  | { readonly kind: "auto"; readonly host?: string; readonly context?: string }
  /** A throw-away engine from the installed programs, or from Debian's packages. */
  | { readonly kind: "managed" }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "fake" };

export interface RunOptions {
  readonly n: number;
  readonly modes: readonly Mode[];
  readonly waves: number;
  readonly ports: "all" | "minimal";
  /** Empty: all of the scenario's. */
  readonly services: readonly string[];
  readonly scenario: string;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  /** Null: `debian` on an engine of our own, `hub` elsewhere. */
  readonly images: string | null;
  readonly daemonJson: string | null;
  readonly seed: string | null;
  readonly timeout: Millis;
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly keepFailed: boolean;
}

export type Command =
  | { readonly name: "run"; readonly options: RunOptions }
  | {
      readonly name: "clean";
      readonly engine: EngineChoice;
      readonly run: string | null;
      readonly purge: boolean;
    }
  | {
      readonly name: "engine";
      readonly action: "up" | "down" | "list" | "env";
      readonly engine: EngineChoice;
      readonly daemonJson: string | null;
      readonly target: string | null;
    }
  | {
      readonly name: "images";
      readonly action: "build" | "pull" | "list";
      readonly engine: EngineChoice;
      readonly images: string | null;
    }
  | { readonly name: "report"; readonly run: string; readonly out: string; readonly json: boolean }
  /** `--help`, `--version`, `completion`: text that is the whole answer. */
  | { readonly name: "text"; readonly text: string };

/** What every command knows besides its own options. */
export interface Invocation {
  readonly command: Command;
  readonly stateDir: string | null;
  readonly logLevel: string;
  readonly logFormat: "text" | "json";
}

const usage = (message: string): never => {
  throw new StressError("usage", message);
};

/** A whole number in a range, or one line that says so. */
const wholeNumber =
  (flag: string, { min, max }: { readonly min: number; readonly max: number }) =>
  (value: unknown): number => {
    if (Array.isArray(value)) return usage(`--${flag} was given more than once`);
    const number = typeof value === "string" ? Number(value.trim() || "NaN") : value;
    if (typeof number !== "number") return usage(`--${flag} must be a number`);
    if (!Number.isInteger(number) || number < min || number > max) {
      return usage(
        `--${flag} must be a whole number from ${String(min)} to ${String(max)}, not ${JSON.stringify(value)}`,
      );
    }
    return number;
  };

/** `a,b` and repeated flags alike; each item once, in the order given. */
const listOf = (value: unknown): readonly string[] => {
  const items = (Array.isArray(value) ? value : [value]).flatMap((item) => String(item).split(","));
  return [...new Set(items.map((item) => item.trim()).filter((item) => item !== ""))];
};

const toServices = (value: unknown): readonly string[] => {
  if (value === undefined) return [];
  const services = listOf(value);
  return services.length > 0 ? services : usage("--services needs at least one name");
};

const toModes = (value: unknown): readonly Mode[] =>
  listOf(value).map((name) => {
    const mode = MODES.find((each) => each === name);
    return mode ?? usage(`--mode "${name}" is not one of ${MODES.join(", ")}`);
  });

const oneText =
  (flag: string) =>
  (value: unknown): string | undefined => {
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return usage(`--${flag} was given more than once`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text === "" ? usage(`--${flag} needs a value`) : text;
  };

const toEngine = (options: {
  readonly engine: string | undefined;
  readonly host: string | undefined;
  readonly context: string | undefined;
}): EngineChoice => {
  const engine = options.engine ?? "auto";
  const elsewhere = options.host === undefined ? options.context : options.host;
  if (engine !== "auto" && elsewhere !== undefined) {
    return usage(`--engine ${engine} brings its own engine; leave --host and --context away`);
  }
  if (options.host !== undefined && options.context !== undefined) {
    return usage("--host and --context exclude each other");
  }
  if (engine === "managed" || engine === "fake") return { kind: engine };
  if (engine !== "auto") return { kind: "directory", path: engine };
  return {
    kind: "auto",
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.context === undefined ? {} : { context: options.context }),
  };
};

const readConfig = (path: string): Record<string, unknown> => {
  try {
    const content: unknown = parseYaml(readFileSync(path, "utf8"));
    if (typeof content === "object" && content !== null && !Array.isArray(content)) {
      return Object.fromEntries(Object.entries(content));
    }
  } catch (error) {
    return usage(`--config ${path}: ${messageOf(error).split("\n")[0] ?? ""}`);
  }
  return usage(`--config ${path}: must be a mapping of flags to values`);
};

/** The first word of argv that is a command's name; `run` without one. */
const commandIn = (argv: readonly string[]): string =>
  argv.find((word) => Object.hasOwn(FLAGS_OF, word)) ?? "run";

/** `STRESS_DAEMON_JSON` is `--daemon-json`. */
const variableOf = (flag: string): string => `STRESS_${flag.toUpperCase().replaceAll("-", "_")}`;

/**
 * What environment and config file say of this command's flags; the environment beats the file. A variable or a
 * key for another command's flag is not for this one; a key that no command knows is a mistake.
 */
const settingsFor = (
  command: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> => {
  const known = new Set(Object.values(FLAGS_OF).flat());
  const flags = FLAGS_OF[command] ?? [];
  const fromEnvironment = flags.flatMap((flag) => {
    const value = environment[variableOf(flag)];
    return value === undefined ? [] : [[flag, toSwitch(value)] as const];
  });
  const path = configIn(argv) ?? environment[variableOf("config")];
  const file = path === undefined ? {} : readConfig(path);
  const stranger = Object.keys(file).find((key) => !known.has(key));
  if (stranger !== undefined) usage(`--config ${path ?? ""}: no flag is called "${stranger}"`);
  return Object.fromEntries([
    ...Object.entries(file).filter(([key]) => flags.includes(key)),
    ...fromEnvironment,
  ]);
};

/** The words for a switch become one: `STRESS_JSON=true`. */
const toSwitch = (value: string): string | boolean =>
  value === "true" ? true : value === "false" ? false : value;

/** Read ahead of everything else, since its content stands below the flags. */
const configIn = (argv: readonly string[]): string | undefined => {
  const at = argv.findIndex((word) => word === "--config" || word.startsWith("--config="));
  const word = argv[at];
  return word?.includes("=") === true
    ? word.slice("--config=".length)
    : argv[at + 1 || argv.length];
};

const modeHelp = MODES.map((mode) => `${mode}: ${MODE_RULES[mode].title}`).join("\n");

const engineOptions = {
  engine: {
    describe:
      "auto: the docker CLI's engine; managed: a throw-away rootless engine; fake: a simulation; " +
      "else a directory of engine programs",
    coerce: oneText("engine"),
    requiresArg: true,
    type: "string",
  },
  host: {
    describe: "address of the engine",
    coerce: oneText("host"),
    requiresArg: true,
    type: "string",
  },
  context: {
    describe: "docker context to use",
    coerce: oneText("context"),
    requiresArg: true,
    type: "string",
  },
} as const;

const daemonJsonOption = {
  "daemon-json": {
    describe: "daemon.json of a managed engine",
    coerce: oneText("daemon-json"),
    requiresArg: true,
    type: "string",
  },
} as const;

const imagesOption = {
  images: {
    describe: "image set: debian (built here), hub (pulled), or a YAML file",
    coerce: oneText("images"),
    requiresArg: true,
    type: "string",
  },
} as const;

const outOption = {
  out: {
    describe: "directory for the runs",
    coerce: oneText("out"),
    requiresArg: true,
    default: "reports/runs",
    type: "string",
  },
} as const;

const jsonOption = {
  json: { describe: "print the summary as JSON and nothing else", type: "boolean", default: false },
} as const;

const runOptions = {
  n: {
    describe: "jobs released at once",
    default: 16,
    requiresArg: true,
    coerce: wholeNumber("n", { min: 1, max: 10_000 }),
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
} as const;

const GLOBAL_FLAGS = ["state-dir", "log-level", "log-format"];
const ENGINE_FLAGS = Object.keys(engineOptions);

/** The flags of each command, for those who set them elsewhere than on the command line. */
const FLAGS_OF: Readonly<Record<string, readonly string[]>> = {
  run: [
    ...GLOBAL_FLAGS,
    ...Object.keys({
      ...runOptions,
      ...imagesOption,
      ...daemonJsonOption,
      ...outOption,
      ...jsonOption,
    }),
    ...ENGINE_FLAGS,
  ],
  clean: [...GLOBAL_FLAGS, ...ENGINE_FLAGS],
  engine: [...GLOBAL_FLAGS, ...Object.keys(daemonJsonOption)],
  images: [...GLOBAL_FLAGS, ...ENGINE_FLAGS, ...Object.keys(imagesOption)],
  report: [...GLOBAL_FLAGS, ...Object.keys(outOption), ...Object.keys(jsonOption)],
  completion: GLOBAL_FLAGS,
};

/** Name and version of this package. */
export const toolVersion = (): string => {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const content: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      if (typeof content === "object" && content !== null && "version" in content) {
        return String(content.version);
      }
    } catch {
      // Sources are two levels below package.json, compiled files three.
    }
  }
  return "unknown";
};

/** The suite's own words for what yargs found wrong, in one line. */
const toUsageError = (error: unknown): StressError => {
  if (error instanceof StressError) return error;
  const words = messageOf(error).replace(/\s+/g, " ").trim();
  return new StressError("usage", `${words}; see stress --help`, { cause: error });
};

/**
 * @param argv - without the program's own name
 * @throws StressError("usage") naming the flag, file or value that is wrong and what would be right
 */
export const readCommandLine = async (
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Invocation> => {
  if (argv.includes("--")) usage("there is nothing to pass on behind --");
  const settings = settingsFor(commandIn(argv), argv, environment);
  const chosen: { command?: Command } = {};
  let showCompletionScript = (): void => undefined;
  const parser = yargs([])
    .scriptName("stress")
    .usage("$0 [run] [options]\n\nWhat fails when N service stacks start at once, and how often.")
    .command(
      ["run", "$0"],
      "run waves of jobs and report",
      (command) =>
        command
          .options(runOptions)
          .options(engineOptions)
          .options(imagesOption)
          .options(daemonJsonOption)
          .options(outOption)
          .options(jsonOption),
      (args) => {
        const options: RunOptions = {
          n: args.n,
          modes: args.mode.length > 0 ? args.mode : usage("--mode needs a value"),
          waves: args.waves,
          ports: args.ports,
          services: args.services ?? [],
          scenario: args.scenario ?? usage("--scenario needs a value"),
          engine: toEngine(args),
          sharedEngine: args.sharedEngine,
          images: args.images ?? null,
          daemonJson: args.daemonJson ?? null,
          seed: args.seed ?? null,
          timeout: seconds(args.timeout),
          out: args.out ?? usage("--out needs a value"),
          json: args.json,
          dryRun: args.dryRun,
          keepFailed: args.keepFailed,
        };
        const takesDaemonJson = options.engine.kind !== "auto";
        if (options.daemonJson !== null && !takesDaemonJson) {
          usage("--daemon-json is for an engine of our own: add --engine managed");
        }
        chosen.command = { name: "run", options };
      },
    )
    .command(
      "clean [run]",
      "remove what dead runs left behind",
      (command) =>
        command
          .positional("run", { describe: "one run's id, alive or dead", type: "string" })
          .options(engineOptions)
          .option("purge", {
            describe:
              "also take down every managed engine and remove programs, images and the account made for them",
            type: "boolean",
            default: false,
          }),
      (args) => {
        chosen.command = {
          name: "clean",
          engine: toEngine(args),
          run: args.run ?? null,
          purge: args.purge,
        };
      },
    )
    .command(
      "engine [action] [name]",
      "a managed engine that stays: up, down, list, env",
      (command) =>
        command
          .positional("action", {
            choices: ["up", "down", "list", "env"] as const,
          })
          .positional("name", { describe: "which one, for down and env", type: "string" })
          .options({ engine: engineOptions.engine, ...daemonJsonOption }),
      (args) => {
        chosen.command = {
          name: "engine",
          action: args.action ?? usage("engine needs an action: up, down, list or env"),
          engine: toEngine({
            engine: args.engine ?? "managed",
            host: undefined,
            context: undefined,
          }),
          daemonJson: args.daemonJson ?? null,
          target: args.name ?? null,
        };
      },
    )
    .command(
      "images [action]",
      "the images of a run: build, pull, list",
      (command) =>
        command
          .positional("action", {
            choices: ["build", "pull", "list"] as const,
          })
          .options(engineOptions)
          .options(imagesOption),
      (args) => {
        chosen.command = {
          name: "images",
          action: args.action ?? usage("images needs an action: build, pull or list"),
          engine: toEngine(args),
          images: args.images ?? null,
        };
      },
    )
    .command(
      "report [run]",
      "render a run again from its journal",
      (command) =>
        command
          .positional("run", {
            describe: "its id, its directory, or latest",
            type: "string",
          })
          .options(outOption)
          .options(jsonOption),
      (args) => {
        chosen.command = {
          name: "report",
          run: args.run ?? usage("report needs a run: its id, its directory, or latest"),
          out: args.out ?? usage("--out needs a value"),
          json: args.json,
        };
      },
    )
    // Not `.completion()`: beside a default command yargs takes its word for an argument of that.
    .command(
      "completion",
      "print a completion script for bash or zsh",
      (command) => {
        showCompletionScript = () => {
          command.showCompletionScript();
        };
      },
      () => {
        showCompletionScript();
      },
    )
    .option("config", {
      describe: "YAML file of flags; flags and STRESS_* beat it",
      coerce: oneText("config"),
      requiresArg: true,
      type: "string",
    })
    .option("state-dir", {
      describe: "where engines and images are kept",
      coerce: oneText("state-dir"),
      requiresArg: true,
      type: "string",
    })
    .option("log-level", {
      describe: "how much is said on stderr",
      choices: ["silent", "error", "warn", "info", "debug"] as const,
      default: "info",
    })
    .option("log-format", {
      describe: "how it is said",
      choices: ["text", "json"] as const,
      default: "text",
    })
    .config(settings)
    .version(toolVersion())
    .strict()
    .wrap(Math.min(100, Number(environment["COLUMNS"] ?? 100) || 100))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error: unknown) => {
      throw toUsageError(error ?? new Error(message));
    });
  let text = "";
  const args = await parser
    .parseAsync([...argv], {}, (_error, _args, output) => {
      text = output;
    })
    .catch((error: unknown) => {
      throw toUsageError(error);
    });
  return {
    command: chosen.command ?? { name: "text", text },
    stateDir: args.stateDir ?? null,
    logLevel: args.logLevel,
    // yargs widens a default away from its choices.
    logFormat: args.logFormat === "json" ? "json" : "text",
  };
};
