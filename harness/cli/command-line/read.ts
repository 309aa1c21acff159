/**
 * From argv, `STRESS_*` and a config file to one command with checked values. Nothing is started here.
 */
import yargs from "yargs";
import { EXIT, messageOf, StressError } from "../../core/errors.ts";
import { toolVersion } from "../version.ts";
import { ENTRIES } from "./entries.ts";
import type { Command } from "./entry.ts";
import { oneText, usage } from "./flags.ts";
import { settingsOf } from "./settings.ts";

/** What every command knows besides its own options. */
export interface Invocation {
  readonly command: Command;
  readonly stateDir: string | null;
  readonly logLevel: string;
  readonly logFormat: "text" | "json";
}

const GLOBAL_FLAGS = ["state-dir", "log-level", "log-format"];

/** The flags of each command, for those who set them elsewhere than on the command line. */
const FLAGS_OF: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ENTRIES.map(({ name, flags }) => [name, [...GLOBAL_FLAGS, ...flags]])),
  completion: GLOBAL_FLAGS,
};

/** Commands with something of their own behind `--`: a message may begin with a dash, a remote run has flags. */
const TAKES_THE_REST: ReadonlySet<string> = new Set(["classify", "remote"]);

/** Commands whose `--config` is not a file of flags. */
const OWN_CONFIG: ReadonlySet<string> = new Set(["nightly"]);

/** What stands before `--`; everything where there is none. */
const beforeDashes = (argv: readonly string[]): readonly string[] => {
  const at = argv.indexOf("--");
  return at === -1 ? argv : argv.slice(0, at);
};

/** The first word of argv that is a command's name; `run` without one. */
const commandIn = (argv: readonly string[]): string =>
  argv.find((word) => Object.hasOwn(FLAGS_OF, word)) ?? "run";

/** `--help`, `--version`, `completion`: text that is the whole answer. */
const textCommand = (text: string): Command => ({
  name: "text",
  options: { text },
  perform: (shell) => {
    shell.print(`${text}\n`);
    return Promise.resolve(EXIT.holds);
  },
});

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
  const flags = beforeDashes(argv);
  const command = commandIn(flags);
  if (flags.length < argv.length && !TAKES_THE_REST.has(command)) {
    usage(
      "there is nothing to pass on behind --; only classify takes its message there, and remote its run",
    );
  }
  const argvOfSettings = OWN_CONFIG.has(command) ? [] : flags;
  const settings = settingsOf({ command, flagsOf: FLAGS_OF, argv: argvOfSettings, environment });
  const chosen: { command?: Command } = {};
  let showCompletionScript = (): void => undefined;
  const choose = (command: Command): void => {
    chosen.command = command;
  };
  const program = yargs([])
    .scriptName("stress")
    .usage("$0 [run] [options]\n\nWhat fails when N service stacks start at once, and how often.");
  const parser = ENTRIES.reduce((built, each) => each.register(built, choose), program)
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
    // Else what stands behind -- is read once more, as if it stood ahead of it.
    .parserConfiguration({ "populate--": true })
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
    command: chosen.command ?? textCommand(text),
    stateDir: args.stateDir ?? null,
    logLevel: args.logLevel,
    // yargs widens a default away from its choices.
    logFormat: args.logFormat === "json" ? "json" : "text",
  };
};
