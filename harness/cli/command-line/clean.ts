import type { CleanOptions } from "../commands/clean.ts";
import { entry } from "./entry.ts";
import { engineOptions, toEngine } from "./flags.ts";

export const cleanEntry = entry({
  name: "clean",
  words: "clean [run]",
  describe: "remove what dead runs left behind",
  flags: Object.keys(engineOptions),
  build: (command) =>
    command
      .positional("run", { describe: "one run's id, alive or dead", type: "string" })
      .options(engineOptions)
      .option("purge", {
        describe:
          "also take down every managed engine and remove programs, images and the account made for them",
        type: "boolean",
        default: false,
      }),
  read: (args): CleanOptions => ({
    engine: toEngine(args),
    run: args.run ?? null,
    purge: args.purge,
  }),
  load: async () => (await import("../commands/clean.ts")).cleanCommand,
});
