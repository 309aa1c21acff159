import { isIP } from "node:net";
import type { Asked } from "../../core/doctor/facts.ts";
import type { DoctorOptions } from "../commands/doctor.ts";
import { entry } from "./entry.ts";
import { engineOptions, toEngine, usage, wholeNumber } from "./flags.ts";

const SHAPE = /^(?:\[([^\]]+)\]:|([^:[\]]+):)?(\d+)(?:\/(tcp|udp))?$/;

/**
 * `8080`, `127.0.0.1:8080`, `[::1]:8080`, each with `/tcp` or `/udp` behind it.
 *
 * @throws StressError("usage") for anything else
 */
export const toAsked = (text: string): Asked => {
  const [, six, four, digits, protocol] = SHAPE.exec(text.trim()) ?? [];
  const port = Number(digits ?? Number.NaN);
  const address = six ?? four ?? null;
  const isAddress = address === null || isIP(address) === (six === undefined ? 4 : 6);
  if (!isAddress || !(port >= 1 && port <= 65_535)) {
    return usage(
      `${JSON.stringify(text)} is not a port: use 8080, 127.0.0.1:8080, [::1]:8080 or 53/udp (1 to 65535)`,
    );
  }
  return { port, address, protocol: protocol === "udp" ? "udp" : "tcp" };
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
  build: (command) =>
    command
      .positional("port", {
        describe: "8080, 127.0.0.1:8080, [::1]:8080 or 53/udp",
        type: "string",
      })
      .options(optionsOf),
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
