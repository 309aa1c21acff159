import type { CleanOptions } from "../commands/clean.ts";
import { StressError } from "../../core/errors.ts";
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
  read: (args): CleanOptions => {
    // A shell variable that is not set: everything without a run would match it.
    if (args.run === "")
      throw new StressError("usage", "the run's id is empty; leave it out for dead runs");
    return { engine: toEngine(args), run: args.run ?? null, purge: args.purge };
  },
  load: async () => (await import("../commands/clean.ts")).cleanCommand,
});
