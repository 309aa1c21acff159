import type { EngineOptions } from "../commands/engine.ts";
import { entry } from "./entry.ts";
import { daemonJsonOption, engineOptions, toEngine, usage } from "./flags.ts";

export const engineEntry = entry({
  name: "engine",
  words: "engine [action] [name]",
  describe: "a managed engine that stays: up, down, list, env",
  flags: Object.keys(daemonJsonOption),
  build: (command) =>
    command
      .positional("action", { choices: ["up", "down", "list", "env"] as const })
      .positional("name", { describe: "which one, for down and env", type: "string" })
      .options({ engine: engineOptions.engine, ...daemonJsonOption }),
  read: (args): EngineOptions => ({
    action: args.action ?? usage("engine needs an action: up, down, list or env"),
    engine: toEngine({ engine: args.engine ?? "managed", host: undefined, context: undefined }),
    daemonJson: args.daemonJson ?? null,
    target: args.name ?? null,
  }),
  load: async () => (await import("../commands/engine.ts")).engineCommand,
});
