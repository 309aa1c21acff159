/**
 * The part of the daemon's log that has to do with one failed job: what to read, and what to paste into an issue.
 */
import { z } from "zod";
import type { JobHistory, RunHistory, Step, WaveHistory } from "./history.ts";
import { ownedLines, type OwnedLine } from "./log-owners.ts";
import { finalFailureOf } from "./outcome.ts";

/**
 * How far from the failed call a line that names nobody may be, in milliseconds. The log has the machine's wall clock
 * and the journal a monotonic one that is set beside it once, to the millisecond: between them stand that
 * millisecond and whatever the wall clock was adjusted by since. `lag` shows what it came to.
 */
export const MARGIN = 50;

/** Lines kept of one slice. */
const MOST_LINES = 60;

/** Characters kept of one line; the journal has it whole. */
const LONGEST_LINE = 2000;

const sliceLineSchema = z.object({
  /** On the run's clock, milliseconds; null where the line has no time. */
  at: z.number().nullable(),
  /** `time`: it names nobody and was written while the call failed; weak where others were under way too. */
  joined: z.enum(["id", "name", "time"]),
  level: z.string().nullable(),
  /** As written, at most 2000 characters. */
  raw: z.string(),
});
export type SliceLine = z.infer<typeof sliceLineSchema>;

export const logSliceSchema = z.object({
  wave: z.int().positive(),
  job: z.string(),
  /** The failed call, from its invocation to its answer, on the run's clock. */
  from: z.number(),
  to: z.number(),
  /** Other jobs with a call under way in that time: a line joined by time may as well be theirs. */
  others: z.int().nonnegative(),
  /**
   * By how much the daemon's own lines about refusals of this wave precede the answers, in milliseconds: what joining by
   * time rests on. Null where there are none. Below zero, or far above it, the clocks disagree.
   */
  lag: z.object({ min: z.number(), max: z.number() }).nullable(),
  /** Oldest first. */
  lines: z.array(sliceLineSchema).readonly(),
  /** Lines that belong here and were left out, those joined by time first. */
  leftOut: z.int().nonnegative(),
});
export type LogSlice = z.infer<typeof logSliceSchema>;

/** The run's clock, of an instant of the wall clock. */
export const runClock = ({ started }: RunHistory): ((at: number) => number) => {
  const zero = Date.parse(started.startedAt);
  return (at) => at - zero;
};

const failedStep = (job: JobHistory): Step | null => finalFailureOf(job)?.step ?? null;

const overlaps = (step: Step, { invokedAt, answeredAt }: Step): boolean =>
  step.invokedAt <= answeredAt && step.answeredAt >= invokedAt;

/** A line is a refusal's own if it holds the words that the client got. */
const lagOf = (
  wave: WaveHistory,
  lines: readonly OwnedLine[],
  clock: (at: number) => number,
): LogSlice["lag"] => {
  const echoes = new Map<string, number>();
  for (const { line } of lines) {
    const words = line.fields.get("error-response") ?? line.message.split("returned error: ")[1];
    if (words !== undefined && line.at !== null) echoes.set(words.trim(), clock(line.at));
  }
  const lags = wave.jobs
    .flatMap(({ burst }) => burst)
    .flatMap(({ answer, answeredAt }) => {
      const echo = answer.kind === "refused" ? echoes.get(answer.message.trim()) : undefined;
      return echo === undefined ? [] : [answeredAt - echo];
    });
  return lags.length === 0 ? null : { min: Math.min(...lags), max: Math.max(...lags) };
};

/** The line's place in the slice of this job; null where it has none. */
const joinOf = (
  { line, job, by }: OwnedLine,
  target: { readonly job: string; readonly step: Step },
  clock: (at: number) => number,
): SliceLine | null => {
  const at = line.at === null ? null : clock(line.at);
  const kept = { at, level: line.level, raw: line.raw.slice(0, LONGEST_LINE) };
  if (job !== null) return job === target.job && by !== null ? { ...kept, joined: by } : null;
  if (at === null) return null;
  const { invokedAt, answeredAt } = target.step;
  // A stamp of whole seconds stands for any instant of its second.
  const near = at + line.resolution >= invokedAt - MARGIN && at <= answeredAt + MARGIN;
  return near ? { ...kept, joined: "time" } : null;
};

/** Those that name the job, then those nearest to the answer, and these again in their order. */
const kept = (lines: readonly SliceLine[], to: number): readonly SliceLine[] => {
  if (lines.length <= MOST_LINES) return lines;
  const distance = ({ joined, at }: SliceLine): number =>
    (joined === "time" ? 1e12 : 0) + Math.abs((at ?? to) - to);
  const chosen = new Set(lines.toSorted((a, b) => distance(a) - distance(b)).slice(0, MOST_LINES));
  return lines.filter((line) => chosen.has(line));
};

/** One slice for each job of the wave that failed, in the order of the jobs; null where there is no log. */
export const logSlices = (run: RunHistory, wave: WaveHistory): readonly LogSlice[] | null => {
  const lines = ownedLines(run, wave);
  if (lines === null) return null;
  const clock = runClock(run);
  const lag = lagOf(wave, lines, clock);
  return wave.jobs.flatMap((job) => {
    const step = failedStep(job);
    if (step === null) return [];
    const joined = lines.flatMap((line) => joinOf(line, { job: job.id, step }, clock) ?? []);
    const few = kept(joined, step.answeredAt);
    return [
      {
        wave: wave.started.wave,
        job: job.id,
        from: step.invokedAt,
        to: step.answeredAt,
        others: wave.jobs.filter(
          ({ id, burst }) => id !== job.id && burst.some((other) => overlaps(other, step)),
        ).length,
        lag,
        lines: few,
        leftOut: joined.length - few.length,
      },
    ];
  });
};
