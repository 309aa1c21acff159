import type { PortsOptions } from "../commands/ports.ts";
import { entry } from "./entry.ts";
import { engineOptions, toEngine, usage } from "./flags.ts";
import { portPositional, toPort } from "./port-word.ts";

const optionsOf = {
  json: {
    describe: "print the table as JSON and nothing else",
    type: "boolean",
    default: false,
  },
  ...engineOptions,
} as const;

export const portsEntry = entry({
  name: "ports",
  words: "ports [port]",
  describe: "who owns each published port, through RootlessKit or docker-proxy to the container",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("port", portPositional).options(optionsOf),
  read: (args): PortsOptions => {
    if (toEngine(args).kind !== "auto") {
      usage("ports looks at an engine that is there: name it with --host (see stress engine env)");
    }
    return {
      asked: args.port === undefined ? null : toPort(args.port),
      host: args.host,
      context: args.context,
      json: args.json,
    };
  },
  load: async () => (await import("../commands/ports.ts")).portsCommand,
});
