import { sweepPoints } from "../../core/sweep/points.ts";
import type { SweepOptions } from "../commands/sweep.ts";
import { entry } from "./entry.ts";
import { listOf, oneText, usage } from "./flags.ts";
import { runFlags, toRunOptions } from "./run.ts";

const POINTS = "1..64";

const toPoints = (value: unknown): readonly number[] | undefined =>
  value === undefined
    ? undefined
    : sweepPoints(typeof value === "number" ? String(value) : listOf("n", value).join(","));

/** What judges a run or ends it early. */
const NOT_HERE = {
  expect: { ...runFlags.expect, hidden: true },
  baseline: { ...runFlags.baseline, hidden: true },
  until: { ...runFlags.until, hidden: true },
  "keep-failed": { ...runFlags["keep-failed"], hidden: true },
} as const;

const optionsOf = {
  ...runFlags,
  ...NOT_HERE,
  n: {
    describe:
      "jobs released at once: 1..64 doubles, 1..64:8 goes by multiples of 8, 1,4,16 is a list; ends are included",
    defaultDescription: POINTS,
    requiresArg: true,
    coerce: toPoints,
  },
  from: {
    describe: "look at a recorded run (its id, its directory, or latest) and start nothing",
    coerce: oneText("from"),
    requiresArg: true,
    type: "string",
  },
} as const;

export const sweepEntry = entry({
  name: "sweep",
  words: "sweep",
  describe: "find the number of jobs at which failures begin, and what each further job costs",
  flags: Object.keys(optionsOf).filter((flag) => !Object.hasOwn(NOT_HERE, flag)),
  build: (command) => command.options(optionsOf),
  read: ({ n, from, ...args }): SweepOptions => {
    if (from !== undefined && (n !== undefined || args.dryRun)) {
      usage("--from looks at a recorded run and starts nothing: leave --n and --dry-run away");
    }
    const judged = args.expect !== undefined || args.baseline !== undefined;
    if (judged || args.until !== "waves" || args.keepFailed) {
      usage(
        "a sweep judges nothing and goes on after failures: --expect, --baseline, --until and --keep-failed are for stress run",
      );
    }
    if (args.scenario !== "stacks") {
      usage("a sweep is of stacks: --scenario is for stress run");
    }
    return { run: toRunOptions({ ...args, n: n ?? sweepPoints(POINTS) }), from: from ?? null };
  },
  load: async () => (await import("../commands/sweep.ts")).sweepCommand,
});
