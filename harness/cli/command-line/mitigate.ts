import { RUNG_NAMES, RUNGS, type RungName } from "../../core/ladder.ts";
import { NEMESIS_HELP } from "../../core/nemesis.ts";
import { seconds } from "../../core/units.ts";
import type { MitigateOptions } from "../commands/mitigate.ts";
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
import { runFlags } from "./run.ts";

const toRungs = (value: unknown): readonly RungName[] => {
  const rungs = listOf("rungs", value).map((name) => {
    const rung = RUNG_NAMES.find((each) => each === name);
    return rung ?? usage(`--rungs "${name}" is not one of ${RUNG_NAMES.join(", ")}`);
  });
  return rungs.some((rung) => rung !== "nothing")
    ? rungs
    : usage("--rungs needs at least one beside nothing");
};

/** With fewer waves of each, no difference of burst times can be shown. */
const WAVES = 4;

/** flock(1) takes a relative path as well, but other processes have other directories. */
const toLockFile = (value: unknown): string => {
  const path = oneText("lock-file")(value) ?? "";
  return path.startsWith("/") ? path : usage("--lock-file must be an absolute path");
};

const mitigateOptions = {
  rungs: {
    describe: RUNG_NAMES.map((name) => `${name}: ${RUNGS[name].title}`).join("\n"),
    defaultDescription: "all",
    default: RUNG_NAMES.join(","),
    requiresArg: true,
    coerce: toRungs,
  },
  n: {
    describe: "jobs released at once",
    default: 16,
    requiresArg: true,
    coerce: wholeNumber("n", { min: 1, max: 10_000 }),
  },
  waves: {
    describe: "waves of each rung",
    default: WAVES,
    requiresArg: true,
    coerce: wholeNumber("waves", { min: 1, max: 10_000 }),
  },
  retry: {
    describe: "how often a refused call is made again on the rung retry",
    default: 3,
    requiresArg: true,
    coerce: wholeNumber("retry", { min: 1, max: 20 }),
  },
  "lock-file": {
    describe: "what is locked on the rung lock-file",
    default: "/tmp/rootless-stress-network.lock",
    requiresArg: true,
    coerce: toLockFile,
  },
  nemesis: {
    describe: `trouble on purpose, in every wave; may be repeated:\n${NEMESIS_HELP.occupy}; see stress run --help`,
    requiresArg: true,
    coerce: runFlags.nemesis.coerce,
  },
  // The rest is a run's.
  services: runFlags.services,
  "shared-engine": runFlags["shared-engine"],
  "fresh-engine": runFlags["fresh-engine"],
  seed: runFlags.seed,
  timeout: runFlags.timeout,
  "dry-run": runFlags["dry-run"],
} as const;

const optionsOf = {
  ...mitigateOptions,
  ...engineOptions,
  engine: { ...engineOptions.engine, defaultDescription: "managed" },
  ...imagesOption,
  ...outOption,
  ...jsonOption,
};

export const mitigateEntry = entry({
  name: "mitigate",
  words: "mitigate",
  describe: "measure what can be done about failures against doing nothing, and say what to take",
  flags: Object.keys(optionsOf),
  build: (command) => command.options(optionsOf),
  read: (args): MitigateOptions => {
    const { host, context } = args;
    const elsewhere = host !== undefined || context !== undefined;
    const engine = args.engine ?? (elsewhere ? undefined : "managed");
    return {
      rungs: args.rungs,
      n: args.n,
      waves: args.waves,
      retries: args.retry,
      lockFile: args.lockFile,
      engine: toEngine({ engine, host, context }),
      sharedEngine: args.sharedEngine,
      freshEngine: args.freshEngine,
      services: args.services ?? [],
      images: args.images ?? null,
      nemeses: args.nemesis ?? [],
      seed: args.seed ?? null,
      timeout: seconds(args.timeout),
      out: args.out ?? usage("--out needs a value"),
      json: args.json,
      dryRun: args.dryRun,
    };
  },
  load: async () => (await import("../commands/mitigate.ts")).mitigateCommand,
});
