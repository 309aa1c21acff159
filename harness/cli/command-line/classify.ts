import { isPhase, PHASES, type Phase } from "../../core/phases.ts";
import type { ClassifyOptions } from "../commands/classify.ts";
import { entry } from "./entry.ts";
import { oneText, usage } from "./flags.ts";

const toPhase = (value: unknown): Phase | undefined => {
  const name = oneText("phase")(value);
  if (name === undefined || isPhase(name)) return name;
  return usage(`phase ${JSON.stringify(name)} is not one of ${PHASES.join(", ")}`);
};

const classifyOptions = {
  phase: {
    describe: `where the message was seen: ${PHASES.join(", ")}`,
    requiresArg: true,
    coerce: toPhase,
  },
  json: { describe: "print one JSON object", type: "boolean", default: false },
  ndjson: {
    describe:
      "stdin is JSON objects, one a line, with `text` and perhaps `phase`; each goes to stdout with its `class`",
    type: "boolean",
    default: false,
  },
} as const;

/** The one message, ahead of `--` or behind it: there it may begin with a dash. */
const oneMessage = (message: string | undefined, behind: unknown): string | undefined => {
  const words = Array.isArray(behind) ? behind.map(String) : [];
  const [first, ...more] = [...(message === undefined ? [] : [message]), ...words];
  return more.length === 0
    ? first
    : usage(`classify takes one message, in quotes, and not also ${JSON.stringify(more[0])}`);
};

const toClassifyOptions = (args: {
  readonly message: string | undefined;
  readonly phase: Phase | undefined;
  readonly json: boolean;
  readonly ndjson: boolean;
}): ClassifyOptions => {
  if (args.json && args.ndjson) usage("--json and --ndjson exclude each other");
  if (args.ndjson && args.message !== undefined) usage("--ndjson reads its messages from stdin");
  if (args.ndjson && args.phase !== undefined) {
    usage("each line of --ndjson brings its own phase; leave --phase away");
  }
  return {
    message: args.message ?? null,
    phase: args.phase ?? null,
    format: args.ndjson ? "ndjson" : args.json ? "json" : "text",
  };
};

export const classifyEntry = entry({
  name: "classify",
  words: "classify [message]",
  describe: "name what a failure message says, from here or from stdin",
  flags: Object.keys(classifyOptions),
  build: (command) =>
    command
      .positional("message", {
        describe: "its words; behind -- if they begin with a dash",
        type: "string",
      })
      .options(classifyOptions),
  read: ({ message, phase, json, ndjson, "--": behind }) =>
    toClassifyOptions({ message: oneMessage(message, behind), phase, json, ndjson }),
  load: async () => (await import("../commands/classify.ts")).classifyCommand,
});
