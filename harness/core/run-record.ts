/**
 * What the index of a runs directory keeps of each run: enough to see it beside the others, and to know whether it
 * may stand for what is usual. The journal stays the truth; this can be made from it at any time.
 */
import { z } from "zod";
import { fingerprintOf, fingerprintSchema } from "./fingerprint.ts";
import type { RunHistory } from "./history.ts";
import { judgeRun } from "./judge.ts";
import { samplesOf } from "./samples.ts";
import type { ArmSamples } from "./wave-sample.ts";
import { median, sorted, sum } from "./statistics.ts";
import { summarySchema } from "./summary.ts";

const text = z.string();
const count = z.int().nonnegative();

const armRecordSchema = z.object({
  id: text,
  /** Of finished waves, without warm-ups. */
  waves: count,
  jobs: count,
  failed: count,
  /** Median over the waves, milliseconds; null without a finished wave. */
  burst: z.number().nullable(),
});
export type ArmRecord = z.infer<typeof armRecordSchema>;

export const runRecordSchema = z.object({
  schema: z.literal("stress.index/1"),
  /** Which version judged the journal. */
  tool: text,
  /** Its name in the directory of the runs. */
  directory: text,
  /** Size of the journal when it was read: with another size it is to be read again. */
  journalBytes: count,
  run: text,
  /** ISO 8601, UTC. */
  startedAt: text,
  ended: summarySchema.shape.ended,
  verdict: summarySchema.shape.verdict,
  simulated: z.boolean(),
  fingerprint: fingerprintSchema,
  /** The flags that made trouble on purpose, in order; with others, or with none, it is another experiment. */
  trouble: z.array(text).readonly(),
  arms: z.array(armRecordSchema).readonly(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

const armRecord = ({ arm, waves }: ArmSamples): ArmRecord => ({
  id: arm.id,
  waves: waves.length,
  jobs: sum(waves.map(({ jobs }) => jobs)),
  failed: sum(waves.map(({ failed }) => failed)),
  burst: waves.length === 0 ? null : median(sorted(waves.map(({ burst }) => burst))),
});

/** A calibration makes other trouble in every wave, and says so with its first word. */
const troubleOf = ({ started: { command } }: RunHistory): readonly string[] => {
  const nemeses = command.filter((_, index) => command[index - 1] === "--nemesis");
  return command[0] === "run" ? nemeses.toSorted() : [...command.slice(0, 1), ...nemeses];
};

export const runRecord = (
  run: RunHistory,
  read: Pick<RunRecord, "tool" | "directory" | "journalBytes">,
): RunRecord => ({
  schema: "stress.index/1",
  ...read,
  run: run.started.run,
  startedAt: run.started.startedAt,
  ended: run.ended,
  verdict: judgeRun(run).verdict,
  simulated: run.started.engine.simulated,
  fingerprint: fingerprintOf(run),
  trouble: troubleOf(run),
  arms: samplesOf(run).map(armRecord),
});
