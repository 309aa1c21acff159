import type { NightlyOptions } from "../commands/nightly.ts";
import { entry } from "./entry.ts";
import { oneText, usage, wholeNumber } from "./flags.ts";

const optionsOf = {
  config: {
    describe: "YAML file: what is run, what it is compared with, how much is kept",
    coerce: oneText("config"),
    requiresArg: true,
    type: "string",
  },
  json: { describe: "print one JSON object", type: "boolean", default: false },
  "print-units": {
    describe: "print a systemd service and its timer instead",
    type: "boolean",
    default: false,
  },
  calendar: {
    describe: "when, for --print-units",
    coerce: oneText("calendar"),
    requiresArg: true,
    default: "*-*-* 02:30",
    type: "string",
  },
  user: {
    describe: "as whom, for --print-units",
    coerce: oneText("user"),
    requiresArg: true,
    defaultDescription: "root",
    type: "string",
  },
  hours: {
    describe: "after which a night is over, for --print-units",
    default: 6,
    requiresArg: true,
    coerce: wholeNumber("hours", { min: 1, max: 100 }),
  },
} as const;

export const nightlyEntry = entry({
  name: "nightly",
  words: "nightly",
  describe: "run, compare with the nights before, and alarm when a second run confirms it",
  flags: ["json"],
  build: (command) => command.options(optionsOf),
  read: (args): NightlyOptions => ({
    config: args.config ?? usage("nightly needs a file: --config nightly.yaml"),
    json: args.json,
    units: args.printUnits
      ? {
          calendar: args.calendar ?? usage("--calendar needs a value"),
          user: args.user ?? null,
          hours: args.hours,
        }
      : null,
  }),
  load: async () => (await import("../commands/nightly.ts")).nightlyCommand,
});
