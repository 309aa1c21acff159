/**
 * The file of `stress nightly`: what is run every night, what it is compared with, and how much is kept.
 */
import { z } from "zod";

const words = (right: string) => ({ error: right });
const yesOrNo = z.boolean(words("must be true or false"));
const text = z.string(words("must be a text")).min(1, words("must not be empty"));
const flag = z.union([z.string(), z.number(), z.boolean()], words("must be a value"));
const flags = z.union([flag, z.array(flag).min(1)], words("must be a value, or a list of values"));

const whole = (low: number, high: number) => {
  const right = words(`must be a whole number from ${String(low)} to ${String(high)}`);
  return z.int(right).min(low, right).max(high, right);
};

/** Flags of `stress run` that a night may have: not those that say what becomes of a run, which is said here. */
export const RUN_KEYS = [
  "engine",
  "host",
  "context",
  "shared-engine",
  "images",
  "daemon-json",
  "daemon-log",
  "profile",
  "fresh-engine",
  "mode",
  "n",
  "waves",
  "until",
  "mitigation",
  "runner",
  "services",
  "scenario",
  "variant",
  "seconds",
  "ports",
  "warmup",
  "timeout",
  "expect",
  "nemesis",
] as const;

const runSchema = z.strictObject(
  Object.fromEntries(RUN_KEYS.map((key) => [key, flags.optional()])),
  words("must be a mapping of flags to values"),
);

const baselineSchema = z.union(
  [z.strictObject({ nights: whole(1, 100) }), z.strictObject({ run: text })],
  words("must be nights: NUMBER, or run: ID"),
);

export const nightlyConfigSchema = z.strictObject({
  runs: text.default("reports/runs").describe("Directory of the runs, with their index."),
  run: runSchema.describe(
    "What is run: flags of `stress run`, as there; lists for those that may be repeated.",
  ),
  seed: text
    .default("date")
    .describe(
      "Order of the waves: `date` is another one every night, anything else is the seed itself.",
    ),
  baseline: baselineSchema
    .default({ nights: 7 })
    .describe(
      "What a night is compared with: the last so many nights of the same fingerprint together, or one run that was chosen.",
    ),
  slower: z
    .number(words("must be a number, 1 or more: 1.1 is a tenth"))
    .min(1, words("must be a number, 1 or more: 1.1 is a tenth"))
    .max(100)
    .default(1.1)
    .describe("How many times longer a burst must take before it is an alarm, however sure it is."),
  confirm: yesOrNo
    .default(true)
    .describe("Whether a suspected regression is run a second time before it is an alarm."),
  keep: whole(1, 10_000)
    .default(60)
    .describe(
      "Nights that are kept; `stress history` reaches back as far. What is needed is kept beside them.",
    ),
  outputs: z
    .strictObject({
      junit: text.describe("JUnit XML.").optional(),
      openmetrics: text.describe("OpenMetrics, for a textfile collector.").optional(),
      "benchmark-json": text.describe("For a benchmark tracker.").optional(),
      github: yesOrNo
        .describe("Annotations and step summary; by itself within GitHub Actions.")
        .optional(),
    })
    .default({})
    .describe("Files that are written of each night."),
});
export type NightlyConfig = z.infer<typeof nightlyConfigSchema>;

/** The file's JSON Schema, for editors, as committed in `reports/nightly.schema.json`. */
export const nightlyJsonSchema = (): unknown =>
  z.toJSONSchema(nightlyConfigSchema, { io: "input" });
