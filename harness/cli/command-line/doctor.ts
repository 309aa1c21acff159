import type { Asked } from "../../core/doctor/facts.ts";
import type { DoctorOptions } from "../commands/doctor.ts";
import { entry } from "./entry.ts";
import { engineOptions, toEngine, usage, wholeNumber } from "./flags.ts";
import { portPositional, toPort } from "./port-word.ts";

/** The doctor asks about one protocol: TCP where none is named. @throws StressError("usage") */
export const toAsked = (text: string): Asked => {
  const { protocol, ...rest } = toPort(text);
  return { ...rest, protocol: protocol ?? "tcp" };
};

const doctorOptions = {
  n: {
    describe: "jobs at once that the preflight reckons with",
    default: 16,
    requiresArg: true,
    coerce: wholeNumber("n", { min: 1, max: 10_000 }),
  },
  fix: {
    describe: "print the commands that mend what was found; nothing is run",
    type: "boolean",
    default: false,
  },
  json: {
    describe: "print the checks as JSON and nothing else",
    type: "boolean",
    default: false,
  },
} as const;

const optionsOf = { ...doctorOptions, ...engineOptions };

export const doctorEntry = entry({
  name: "doctor",
  words: "doctor [port]",
  describe: "who has a port, and why; without one: is this machine fit for a burst?",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("port", portPositional).options(optionsOf),
  read: (args): DoctorOptions => {
    const engine = toEngine(args);
    if (engine.kind !== "auto") {
      usage("doctor looks at an engine that is there: name it with --host (see stress engine env)");
    }
    if (args.fix && args.json)
      usage("--fix and --json exclude each other: the JSON has the commands");
    return {
      asked: args.port === undefined ? null : toAsked(args.port),
      n: args.n,
      host: args.host,
      context: args.context,
      fix: args.fix,
      json: args.json,
    };
  },
  load: async () => (await import("../commands/doctor.ts")).doctorCommand,
});
