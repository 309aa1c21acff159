import type { ReproOptions } from "../commands/repro.ts";
import { entry } from "./entry.ts";
import { oneText, outOption, usage, runPositional } from "./flags.ts";

const optionsOf = {
  job: {
    describe: "the failed job that the script is to repeat",
    coerce: oneText("job"),
    requiresArg: true,
    type: "string",
  },
  ...outOption,
} as const;

export const reproEntry = entry({
  name: "repro",
  words: "repro [run]",
  describe: "print a shell script that fails as a job of a run has failed",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("run", runPositional).options(optionsOf),
  read: (args): ReproOptions => ({
    run: args.run,
    out: args.out ?? usage("--out needs a value"),
    job: args.job ?? null,
  }),
  load: async () => (await import("../commands/repro.ts")).reproCommand,
});
