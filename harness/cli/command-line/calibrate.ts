import {
  CALIBRATED_KINDS,
  parseKinds,
  type CalibratedKind,
} from "../../core/calibration-schedule.ts";
import type { CalibrateOptions } from "../commands/calibrate.ts";
import { entry } from "./entry.ts";
import {
  engineOptions,
  imagesOption,
  jsonOption,
  listOf,
  oneText,
  outOption,
  toEngine,
  usage,
  wholeNumber,
} from "./flags.ts";

const toKinds = (value: unknown): readonly CalibratedKind[] => {
  const kinds = parseKinds(listOf("only", value));
  return kinds.length > 0 ? kinds : usage("--only needs at least one kind");
};

const toFaults = (value: unknown): number | undefined =>
  value === undefined ? undefined : wholeNumber("faults", { min: 1, max: 10_000 })(value);

const calibrateOptions = {
  faults: {
    describe: "how many faults are injected",
    requiresArg: true,
    defaultDescription: "20, or 1000 with --engine fake",
    coerce: toFaults,
  },
  only: {
    describe: `kinds of faults: ${CALIBRATED_KINDS.join(", ")}`,
    requiresArg: true,
    default: CALIBRATED_KINDS.join(","),
    coerce: toKinds,
  },
  seed: {
    describe: "which faults come when, and what they hit",
    coerce: oneText("seed"),
    requiresArg: true,
    type: "string",
  },
} as const;

const optionsOf = {
  ...calibrateOptions,
  engine: { ...engineOptions.engine, default: "managed" },
  ...imagesOption,
  ...outOption,
  ...jsonOption,
};

export const calibrateEntry = entry({
  name: "calibrate",
  words: "calibrate",
  describe: "inject faults whose cause is known, and score what they are attributed to",
  flags: Object.keys(optionsOf),
  build: (command) => command.options(optionsOf),
  read: (args): CalibrateOptions => {
    const { engine: name } = args;
    const engine = toEngine({ engine: name, host: undefined, context: undefined });
    if (engine.kind === "auto") {
      usage("calibrate needs an engine that nobody else uses: managed, fake, or a directory");
    }
    return {
      engine,
      faults: args.faults ?? null,
      kinds: args.only,
      seed: args.seed ?? null,
      images: args.images ?? null,
      out: args.out ?? usage("--out needs a value"),
      json: args.json,
    };
  },
  load: async () => (await import("../commands/calibrate.ts")).calibrateCommand,
});
