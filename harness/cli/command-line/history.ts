import type { HistoryOptions } from "../commands/history.ts";
import { entry } from "./entry.ts";
import { oneText, outOption, usage } from "./flags.ts";

const optionsOf = {
  arm: {
    describe: "arms with these parts: n16, ports/n16",
    requiresArg: true,
    coerce: oneText("arm"),
    type: "string",
  },
  ...outOption,
  json: { describe: "print one JSON object", type: "boolean", default: false },
} as const;

export const historyEntry = entry({
  name: "history",
  words: "history",
  describe: "failure rate and burst time over the nights, and where they changed",
  flags: Object.keys(optionsOf),
  build: (command) => command.options(optionsOf),
  read: (args): HistoryOptions => ({
    arm: args.arm ?? null,
    out: args.out ?? usage("--out needs a value"),
    json: args.json,
  }),
  load: async () => (await import("../commands/history.ts")).historyCommand,
});
