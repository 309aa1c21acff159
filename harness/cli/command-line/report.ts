import type { ReportOptions } from "../commands/report.ts";
import { entry } from "./entry.ts";
import { jsonOption, outOption, outputOptions, toOutputs, usage, runPositional } from "./flags.ts";

const optionsOf = { ...outOption, ...jsonOption, ...outputOptions };

export const reportEntry = entry({
  name: "report",
  words: "report [run]",
  describe: "render a run again from its journal",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("run", runPositional).options(optionsOf),
  read: (args): ReportOptions => ({
    run: args.run,
    out: args.out ?? usage("--out needs a value"),
    json: args.json,
    outputs: toOutputs(args),
  }),
  load: async () => (await import("../commands/report.ts")).reportCommand,
});
