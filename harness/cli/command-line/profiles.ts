import type { ProfilesOptions } from "../commands/profiles.ts";
import { entry } from "./entry.ts";
import { engineOptions, toEngine } from "./flags.ts";

const optionsOf = { engine: engineOptions.engine };

export const profilesEntry = entry({
  name: "profiles",
  words: "profiles",
  describe: "the built-in profiles, and which of them the engine at hand can run",
  flags: Object.keys(optionsOf),
  build: (command) => command.options(optionsOf),
  read: (args): ProfilesOptions => ({
    engine: toEngine({ engine: args.engine ?? "managed", host: undefined, context: undefined }),
  }),
  load: async () => (await import("../commands/profiles.ts")).profilesCommand,
});
