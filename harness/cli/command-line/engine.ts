import type { EngineOptions } from "../commands/engine.ts";
import { entry } from "./entry.ts";
import { daemonJsonOption, engineOptions, listOf, oneText, toEngine, usage } from "./flags.ts";

const ACTIONS = ["up", "down", "list", "env", "add", "remove"] as const;

const fromOption = {
  from: {
    describe: "add VERSION: directory or address of its archives; Docker's own by default",
    coerce: oneText("from"),
    requiresArg: true,
    type: "string",
  },
} as const;

/** Said by whoever adds, each time: not for a config file. */
const trustOptions = {
  sha256: {
    describe: "add: what the checksum of an archive must be; once for each",
    coerce: (value: unknown) => (value === undefined ? [] : toChecksums(value)),
    requiresArg: true,
    type: "string",
  },
  unverified: {
    describe: "add: take an archive from the network with nothing to vouch for it",
    type: "boolean",
    default: false,
  },
} as const;

const toChecksums = (value: unknown): readonly string[] =>
  listOf("sha256", value).map((text) =>
    /^[0-9a-fA-F]{64}$/.test(text)
      ? text.toLowerCase()
      : usage(`--sha256 must be 64 hex digits, not "${text}"`),
  );

const onlyName = (action: string, names: readonly string[]): string | null => {
  const [name = null, other] = names;
  return other === undefined
    ? name
    : usage(`engine ${action} takes one name, and not also "${other}"`);
};

export const engineEntry = entry({
  name: "engine",
  words: "engine [action] [names..]",
  describe:
    "managed engines that stay, and the programs of others: up, down, list, env, add, remove",
  flags: [...Object.keys(daemonJsonOption), ...Object.keys(fromOption)],
  build: (command) =>
    command
      .positional("action", { choices: ACTIONS })
      .positional("names", {
        describe:
          "the engine, for down, env and remove; for add debian:SUITE, a version of Docker's archives, or archives",
        type: "string",
        array: true,
      })
      .options({
        engine: engineOptions.engine,
        ...daemonJsonOption,
        ...fromOption,
        ...trustOptions,
      }),
  read: (args): EngineOptions => {
    const { action = usage(`engine needs an action: ${ACTIONS.join(", ")}`), names = [] } = args;
    const [first] = names;
    switch (action) {
      case "up":
        if (first !== undefined)
          usage(`engine up gives the name itself; for ${first} say --engine ${first}`);
        return {
          action,
          engine: toEngine({
            engine: args.engine ?? "managed",
            host: undefined,
            context: undefined,
          }),
          daemonJson: args.daemonJson ?? null,
        };
      case "down":
      case "env":
        return { action, target: onlyName(action, names) };
      case "list":
        return { action };
      case "remove":
        return {
          action,
          target:
            onlyName(action, names) ?? usage("engine remove needs a name; see stress engine list"),
        };
      case "add": {
        if (first === undefined) usage("engine add needs debian:SUITE, a version, or archives");
        const { sha256 = [], unverified } = args;
        return { action, sources: names, from: args.from ?? null, sha256, unverified };
      }
    }
  },
  load: async () => (await import("../commands/engine.ts")).engineCommand,
});
