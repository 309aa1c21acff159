import type { ExplainOptions } from "../commands/explain.ts";
import { entry } from "./entry.ts";
import { oneText, outOption, usage, runPositional } from "./flags.ts";

const optionsOf = {
  job: {
    describe: "one job, failed or not; without it, every failed one",
    coerce: oneText("job"),
    requiresArg: true,
    type: "string",
  },
  all: {
    describe: "a page also for jobs that failed like another",
    type: "boolean",
    default: false,
  },
  markdown: { describe: "as Markdown, to paste into an issue", type: "boolean", default: false },
  json: { describe: "as JSON, with everything seen", type: "boolean", default: false },
  ...outOption,
} as const;

export const explainEntry = entry({
  name: "explain",
  words: "explain [run]",
  describe: "say why jobs of a run failed, and how sure that is",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("run", runPositional).options(optionsOf),
  read: (args): ExplainOptions => {
    if (args.json && args.markdown) usage("--json and --markdown exclude each other");
    if (args.all && args.job !== undefined)
      usage("--all is for every failed job; leave --job away");
    return {
      run: args.run,
      out: args.out ?? usage("--out needs a value"),
      job: args.job ?? null,
      all: args.all,
      format: args.json ? "json" : args.markdown ? "markdown" : "text",
    };
  },
  load: async () => (await import("../commands/explain.ts")).explainCommand,
});
