import { EMITTED, type Emitted } from "../../core/emission.ts";
import type { AdviseOptions } from "../commands/advise.ts";
import { entry } from "./entry.ts";
import { listOf, oneText, outOption, usage, runPositional } from "./flags.ts";

const toEmitted = (value: unknown): readonly Emitted[] =>
  value === undefined
    ? []
    : listOf("emit", value).map(
        (name) =>
          EMITTED.find((each) => each === name) ??
          usage(`--emit "${name}" is not one of ${EMITTED.join(", ")}`),
      );

const optionsOf = {
  emit: {
    describe: `the file to write, may be repeated: ${EMITTED.join(", ")}; without it, what the run supports is listed`,
    requiresArg: true,
    coerce: toEmitted,
  },
  to: {
    describe: "directory for the files; without it, one goes to stdout",
    coerce: oneText("to"),
    requiresArg: true,
    type: "string",
  },
  ...outOption,
} as const;

export const adviseEntry = entry({
  name: "advise",
  words: "advise [run]",
  describe: "write the settings that a run shows to help: daemon.json, sysctl, systemd, workflow",
  flags: Object.keys(optionsOf),
  build: (command) => command.positional("run", runPositional).options(optionsOf),
  read: (args): AdviseOptions => {
    const emit = args.emit ?? [];
    const directory = args.to ?? null;
    if (emit.length > 1 && directory === null) {
      usage("--emit: several files need a directory: --to DIR");
    }
    return { run: args.run, out: args.out ?? usage("--out needs a value"), emit, directory };
  },
  load: async () => (await import("../commands/advise.ts")).adviseCommand,
});
