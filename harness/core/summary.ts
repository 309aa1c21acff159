/**
 * The one view that every report renders and that `--json` prints: schema `stress.summary/1`.
 *
 * Durations are milliseconds, shares are fractions of 1, instants are ISO 8601 in UTC.
 */
import { z } from "zod";
import { CAUSE_NAMES, CERTAINTIES } from "./causes.ts";
import { capacityCheckSchema } from "./capacity-check.ts";
import { comparisonSchema } from "./comparison/compare.ts";
import { interimSchema } from "./expectations/interim.ts";
import { expectationVerdictSchema } from "./expectations/verdict.ts";
import { calibrationSchema } from "./calibration.ts";
import { armSchema } from "./arms.ts";
import { datapathTableSchema } from "./datapath/datapath-table.ts";
import { engineFactsSchema } from "./events.ts";
import { rateSchema, spreadSchema } from "./measures.ts";
import { portTraceSchema } from "./port-trace.ts";
import { routesTableSchema } from "./routes/routes-table.ts";
import { runnersTableSchema } from "./runners/runners-table.ts";
import { daemonLogSchema, signalSchema } from "./signals.ts";
import { soakTrendSchema } from "./soak.ts";
import { tryCurveSchema } from "./tries.ts";

const text = z.string();
const count = z.int().nonnegative();
const duration = z.number();

/** `unknown`: too little data to say. Never a pass. */
const VERDICTS = ["holds", "violated", "unknown"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What failures of one kind were brought about by, as evidence shows it. */
const shownCause = z.object({
  /** Null: the evidence could not be read, or there was none to have. */
  cause: z.enum(CAUSE_NAMES).nullable(),
  certainty: z.enum(CERTAINTIES),
  count: z.int().positive(),
  /** The evidence of one of them, in words. */
  example: text,
  /** From the failure to the look at it, the slowest; null where nothing was looked at. */
  after: duration.nullable(),
});
export type ShownCause = z.infer<typeof shownCause>;

const failure = z.object({
  /** Where the job stopped, e.g. `START_FAIL_mysql`. */
  label: text,
  /** What the words say, e.g. `port.already_allocated`; `unknown` where no signature fits. */
  class: text,
  count: z.int().positive(),
  /** One of the messages, whole. */
  example: text,
  /** The jobs, for looking them up in the journal. */
  jobs: z.array(text),
  /** Most frequent first; their counts add up to `count`. */
  causes: z.array(shownCause),
});
export type Failure = z.infer<typeof failure>;

const phase = z.object({
  operation: text,
  samples: z.int().positive(),
  median: duration,
  p95: duration,
});

const armSummary = armSchema.extend({
  /** Waves that ran to their end, and those planned. */
  waves: z.object({ finished: count, planned: count }),
  /** `unfinished`: cut off by a signal or a lost engine; in no rate. */
  jobs: z.object({ ok: count, failed: count, unfinished: count }),
  /** Over finished waves; null where none finished. */
  failureRate: rateSchema,
  /** Failures, most frequent first, but class `unknown` before all others. */
  failures: z.array(failure),
  /** Gate to the last job that was ready or had failed, one sample a finished wave. */
  burst: spreadSchema,
  /** First to last of the jobs' first requests written, one sample a wave. */
  launchSkew: spreadSchema,
  /** Most calls to the daemon in flight at once, over all waves. */
  inFlight: count,
  /** Each operation of the burst, answered `done`. */
  phases: z.array(phase),
  /** One sample a finished wave. */
  teardown: spreadSchema,
  /** Processor time of the harness during bursts over (burst time × cores); null without a burst. */
  harnessShare: duration.nullable(),
  /** Lines about the thread's network namespace in the daemon's log, per job; null: log not readable. */
  netnsRestorePerJob: duration.nullable(),
  /** How often the daemon tried another dynamic port and kept silent about it; null: log not readable. */
  portRetries: count.nullable(),
});
export type ArmSummary = z.infer<typeof armSummary>;

const leak = z.object({
  wave: z.int().positive(),
  arm: text,
  /** e.g. `network stress-…-w1j03`, `listener on port 41003`. */
  what: z.array(text),
});
export type Leak = z.infer<typeof leak>;

export const summarySchema = z.object({
  schema: z.literal("stress.summary/1"),
  tool: text,
  run: text,
  seed: text,
  startedAt: text,
  /** From the run's start to its last event. */
  elapsed: duration,
  command: z.array(text),
  /** `killed`: the journal has no end, the process was gone before it could write one. */
  ended: z.enum(["completed", "interrupted", "engine-lost", "trouble-failed", "killed"]),
  /** What the engine said, or did not say, when it was lost; null otherwise. */
  endMessage: text.nullable(),
  simulated: z.boolean(),
  /** The first engine, where there are several. */
  engine: engineFactsSchema,
  /** The setups that were compared; empty where the run had one engine and no profile. */
  profiles: z.array(
    z.object({
      name: text,
      title: text,
      /** Why it has no arm; null where it has. */
      skipped: text.nullable(),
      /** Null where none was started. */
      engine: engineFactsSchema.nullable(),
      /** How often an engine was started for it. */
      starts: count,
    }),
  ),
  /** Waves that no rate and no time counts, and the jobs that failed in them. */
  warmups: z.object({ waves: count, failed: count }),
  arms: z.array(armSummary),
  /** What recurs in the daemon's log, and whether it goes with failure; null: there is none to count in. */
  signals: z.array(signalSchema).nullable(),
  /** How much of the daemon's log there is. */
  daemonLog: daemonLogSchema,
  /** The ports of each wave in which one was refused, lost and replaced, or given to two jobs. */
  portTraces: z.array(portTraceSchema),
  /** What was counted after each wave, and whether it grows. */
  soak: z.array(soakTrendSchema),
  /** Trouble made on purpose, and what was made of it; null where there was none. */
  calibration: calibrationSchema.nullable(),
  /** Networks that fitted, and whether each wave ran out of them where that was to come; null where nobody could tell. */
  capacity: capacityCheckSchema.nullable(),
  /** Arms beside one another; null where there is but one, or none that differ in one thing alone. */
  comparison: comparisonSchema.nullable(),
  /** How often a job was OK at which try; empty where nothing was tried again. */
  tries: z.array(tryCurveSchema),
  /** Whose calls the jobs made, and what that made of them; null where all were ours. */
  runners: runnersTableSchema.nullable(),
  /** Where each variant's default gateway was, and what became of its traffic; null in other scenarios. */
  routes: routesTableSchema.nullable(),
  /** What each way to a server costs; null in other scenarios. */
  datapath: datapathTableSchema.nullable(),
  /** What was expected, and what became of it; empty where nothing was expected in particular. */
  expectations: z.array(expectationVerdictSchema),
  /** The last look at a run that may end when all is decided. */
  interim: interimSchema.nullable(),
  leaks: z.array(leak),
  verdict: z.enum(VERDICTS),
  /** The claims behind the verdict and what limits them, one sentence each. */
  reasons: z.array(text),
});
export type Summary = z.infer<typeof summarySchema>;

/** The summary's JSON Schema, as committed in `reports/summary.schema.json`. */
export const summaryJsonSchema = (): unknown => z.toJSONSchema(summarySchema);
