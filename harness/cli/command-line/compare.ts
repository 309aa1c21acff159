import type { CompareOptions } from "../commands/compare.ts";
import { entry } from "./entry.ts";
import { outOption, usage } from "./flags.ts";

const optionsOf = {
  ...outOption,
  json: {
    describe: "print the comparison as JSON and nothing else",
    type: "boolean",
    default: false,
  },
} as const;

export const compareEntry = entry({
  name: "compare",
  words: "compare <runs..>",
  describe: "hold runs against the first of them",
  flags: Object.keys(optionsOf),
  build: (command) =>
    command
      .positional("runs", {
        describe: "ids, directories, or latest",
        array: true,
        demandOption: true,
        type: "string",
      })
      .options(optionsOf),
  read: (args): CompareOptions => {
    if (args.runs.length < 2) usage("compare needs at least two runs: stress compare RUN RUN");
    return {
      runs: args.runs,
      out: args.out ?? usage("--out needs a value"),
      json: args.json,
    };
  },
  load: async () => (await import("../commands/compare.ts")).compareCommand,
});
