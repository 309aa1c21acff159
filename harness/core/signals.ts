/**
 * What the daemon's log says again and again, and whether it goes with failure: every recurring line, by shape, with
 * its rate at N=1 and at N, and a test of it against the jobs that failed.
 *
 * A line that names a job (by id or name) is counted for that job; any other can only be counted for its wave. Jobs of
 * one wave are not independent, so a p just below 0.05 is a reason to look, not a proof. A failed job starts
 * fewer containers and so has fewer lines about starts: only what is *more* frequent with failure is an association.
 */
import { z } from "zod";
import { template } from "./clusters.ts";
import { fisherExact, holm, oddsRatio, smallestP, type TwoByTwo } from "./fisher.ts";
import type { JobHistory, RunHistory, WaveHistory } from "./history.ts";
import type { LogLine } from "./log-line.ts";
import { ownedLines } from "./log-owners.ts";
import { MARGIN, runClock } from "./log-slice.ts";
import type { Arm } from "./model.ts";
import { outcomeOf, proofOf, type Outcome, type Proof } from "./outcome.ts";
import { sum } from "./statistics.ts";

const SIGNAL_VERDICTS = [
  /** More frequent with failure than chance allows. */
  "associated",
  /** It repeats the words of a refusal: it goes with failure by definition. */
  "the failure itself",
  /** Too little data to tell: the interval of the odds reaches above 2, and chance may have done it. */
  "unknown",
  /** At the same rate at N=1 and at N, with failure and without. */
  "constant",
  /** Odds above 2 are ruled out. */
  "not associated",
] as const;
type SignalVerdict = (typeof SIGNAL_VERDICTS)[number];

const count = z.int().nonnegative();
const ratio = z.number().nonnegative();

export const signalSchema = z.object({
  arm: z.string(),
  level: z.string().nullable(),
  /** The message and its error with everything masked that differs from job to job. */
  template: z.string(),
  /** One of the lines, as written, at most 500 characters. */
  example: z.string(),
  /** In the arm's waves. */
  lines: z.int().positive(),
  /** Lines a job in waves of N=1 of the same kind; null where there are none. */
  perJobAtOne: ratio.nullable(),
  /** Lines a job in the arm's own waves. */
  perJobAtN: ratio,
  /** Lines a container start; null where a job, not a start, is what they go by. */
  perStart: ratio.nullable(),
  /** What the table counts. */
  counted: z.enum(["jobs", "waves"]),
  /** With and without the line, among failed jobs (or waves with a failed job) and among the others. */
  table: z.object({ failedWith: count, failedWithout: count, okWith: count, okWithout: count }),
  /** Odds of failure's having it over the others', with Woolf's 95 % interval. */
  oddsRatio: z.object({
    value: ratio,
    low: ratio,
    high: ratio,
    /** A cell was empty: one half was added to each (Haldane–Anscombe). */
    corrected: z.boolean(),
  }),
  /** Fisher's exact test, two-sided, after Holm's correction over all lines of the run; null where none was made. */
  p: z.number().nullable(),
  verdict: z.enum(SIGNAL_VERDICTS),
});
export type Signal = z.infer<typeof signalSchema>;

export const daemonLogSchema = z.object({
  /** Waves that were started, and those of them whose log is in the journal. */
  waves: count,
  logged: count,
  /** Lines that were left out of these logs because there were too many: every rate is of what was kept. */
  leftOut: count,
  /** False for a journal of version 1 without a log: nobody wrote down what the daemon wrote. */
  asked: z.boolean(),
});
export type DaemonLog = z.infer<typeof daemonLogSchema>;

/** How much of the daemon's log there is to count in. */
export const daemonLog = ({ started, waves }: RunHistory): DaemonLog => {
  const logs = waves.flatMap(({ log }) => log ?? []);
  return {
    waves: waves.length,
    logged: logs.length,
    leftOut: logs.reduce((total, { dropped }) => total + dropped, 0),
    asked: started.journal > 1 || logs.length > 0,
  };
};

/** Fields whose words belong to the message; all others hold names, numbers and places. */
const SPEAKING_FIELDS = ["error", "error-response", "err", "type"] as const;

/** Characters kept of an example; the journal has it whole. */
const LONGEST_EXAMPLE = 500;

/** A line that stands once in a log has no rate. */
const FEWEST_LINES = 2;

/** The share of a shape's lines that must name their job for jobs to be counted by it. */
const MOSTLY = 0.8;

/** Rates this near to their common rate are the same: starts differ by a retry or a slow shutdown. */
const SAME_RATE = 0.2;

/**
 * A group in which fewer lines are expected says nothing about its rate. What comes with every job or start shows in
 * two of them; what comes now and then must be waited for.
 */
const FEWEST_EXPECTED = { regular: 2, occasional: 20 } as const;

/** From this rate on, a line comes with every unit, give or take. */
const REGULAR_RATE = 0.5;

const SIGNIFICANT = 0.05;

/** Only where the interval of the odds ends here or below can the data say "not associated". */
const SMALL_ODDS = 2;

/** A refusal's words, masked; shorter ones stand in lines that have nothing to do with them. */
const SHORTEST_WORDS = 12;

/** What a line says, in each of its speaking parts, masked. */
const shapesOf = ({ message, fields }: LogLine, run: string): readonly string[] =>
  [message, ...SPEAKING_FIELDS.flatMap((key) => fields.get(key) ?? [])].map((words) =>
    template(words, run),
  );

interface Unit {
  readonly status: Outcome["status"];
  readonly starts: number;
  /** Lines of each shape that name this job. */
  readonly own: ReadonlyMap<string, number>;
}

interface ReadWave {
  readonly jobs: readonly Unit[];
  readonly starts: number;
  /** All lines of each shape, whether they name a job or not. */
  readonly all: ReadonlyMap<string, number>;
}

interface Shape {
  readonly level: string | null;
  readonly parts: readonly string[];
  readonly example: string;
}

const startsOf = ({ burst }: JobHistory): number =>
  burst.filter(({ operation }) => operation === "container.start").length;

const add = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** Counts the shapes of one wave's log and remembers each shape; null where there is no log, or no end of the burst. */
const readWave = (
  run: RunHistory,
  wave: WaveHistory,
  { proof, shapes }: { readonly proof: Proof; readonly shapes: Map<string, Shape> },
): ReadWave | null => {
  const lines = ownedLines(run, wave);
  if (lines === null || wave.burstEnded === null) return null;
  const all = new Map<string, number>();
  const own = new Map(wave.jobs.map(({ id }) => [id, new Map<string, number>()]));
  const clock = runClock(run);
  const isOlder = ({ at, resolution }: LogLine): boolean =>
    at !== null && clock(at) + resolution < wave.started.at - MARGIN;
  for (const { line, job } of lines) {
    // What the daemon wrote while it started, or for somebody else between two waves.
    if (isOlder(line)) continue;
    const parts = shapesOf(line, run.started.run);
    const key = JSON.stringify([line.level, ...parts]);
    if (!shapes.has(key)) {
      const example = line.raw.slice(0, LONGEST_EXAMPLE);
      shapes.set(key, { level: line.level, parts, example });
    }
    add(all, key);
    const counts = job === null ? undefined : own.get(job);
    if (counts !== undefined) add(counts, key);
  }
  const jobs = wave.jobs.map((job): Unit => ({
    status: outcomeOf(job, proof).status,
    starts: startsOf(job),
    own: own.get(job.id) ?? new Map<string, number>(),
  }));
  return { jobs, starts: sum(jobs.map(({ starts }) => starts)), all };
};

/** Lines among so many jobs and starts. */
interface Group {
  readonly lines: number;
  readonly jobs: number;
  readonly starts: number;
}

const groupOfWaves = (waves: readonly ReadWave[], key: string): Group => ({
  lines: sum(waves.map(({ all }) => all.get(key) ?? 0)),
  jobs: sum(waves.map(({ jobs }) => jobs.length)),
  starts: sum(waves.map(({ starts }) => starts)),
});

const groupOfJobs = (jobs: readonly Unit[], key: string): Group => ({
  lines: sum(jobs.map(({ own }) => own.get(key) ?? 0)),
  jobs: jobs.length,
  starts: sum(jobs.map(({ starts }) => starts)),
});

type UnitName = "jobs" | "starts";

/** How far the rates of the groups are from the rate of all of them together, as a fraction of it. */
const unevenness = (groups: readonly Group[], unit: UnitName): number => {
  const filled = groups.filter((group) => group[unit] > 0);
  const rate = sum(filled.map(({ lines }) => lines)) / sum(filled.map((group) => group[unit]));
  if (!(rate > 0)) return Infinity;
  return Math.max(0, ...filled.map((group) => Math.abs(group.lines / group[unit] / rate - 1)));
};

/** The unit by which lines go: that with the evener rate; where both are alike, a start if each has a line. */
const unitOf = (groups: readonly Group[]): UnitName => {
  const [byJob, byStart] = [unevenness(groups, "jobs"), unevenness(groups, "starts")];
  if (byJob !== byStart) return byStart < byJob ? "starts" : "jobs";
  const total = sum(groups.map(({ lines }) => lines));
  return total > 0 && total >= sum(groups.map(({ starts }) => starts)) ? "starts" : "jobs";
};

const isConstant = (groups: readonly Group[], unit: UnitName): boolean => {
  const filled = groups.filter((group) => group[unit] > 0);
  const units = sum(filled.map((group) => group[unit]));
  const rate = sum(filled.map(({ lines }) => lines)) / units;
  const fewest = FEWEST_EXPECTED[rate >= REGULAR_RATE ? "regular" : "occasional"];
  return (
    filled.length > 1 &&
    filled.every((group) => group[unit] * rate >= fewest) &&
    unevenness(filled, unit) <= SAME_RATE
  );
};

const hasFailed = ({ jobs }: ReadWave): boolean => jobs.some(({ status }) => status === "failed");
const isOk = ({ jobs }: ReadWave): boolean => jobs.every(({ status }) => status === "ok");

const tableOf = <Item>(
  failed: readonly Item[],
  ok: readonly Item[],
  has: (item: Item) => boolean,
): TwoByTwo => {
  const [a, c] = [failed.filter(has).length, ok.filter(has).length];
  return { a, b: failed.length - a, c, d: ok.length - c };
};

/** An arm with what was read of its waves, and of the waves at N=1 of arms that differ from it in N alone. */
interface ReadArm {
  readonly arm: Arm;
  readonly waves: readonly ReadWave[];
  readonly atOne: readonly ReadWave[];
  /** The words of its refusals, masked. */
  readonly refusals: readonly string[];
}

interface Counted {
  readonly signal: Omit<Signal, "p" | "verdict">;
  readonly table: TwoByTwo;
  readonly constant: boolean;
  readonly itself: boolean;
}

const perJob = ({ lines, jobs }: Group): number | null => (jobs === 0 ? null : lines / jobs);

const countShape = (key: string, shape: Shape, read: ReadArm): Counted | null => {
  const { arm, waves, atOne, refusals } = read;
  const here = groupOfWaves(waves, key);
  if (here.lines < FEWEST_LINES) return null;
  const jobs = waves.flatMap((wave) => wave.jobs);
  const failed = jobs.filter(({ status }) => status === "failed");
  const ok = jobs.filter(({ status }) => status === "ok");
  const byJob = groupOfJobs(jobs, key).lines >= here.lines * MOSTLY;
  const [failing, clean] = [waves.filter(hasFailed), waves.filter(isOk)];
  const one = groupOfWaves(arm.n === 1 ? [] : atOne, key);
  const groups = [
    one,
    byJob ? groupOfJobs(failed, key) : groupOfWaves(failing, key),
    byJob ? groupOfJobs(ok, key) : groupOfWaves(clean, key),
  ];
  const unit = unitOf(groups);
  const table = byJob
    ? tableOf(failed, ok, ({ own }) => own.has(key))
    : tableOf(failing, clean, ({ all }) => all.has(key));
  return {
    signal: {
      arm: arm.id,
      level: shape.level,
      template: shape.parts.join(": "),
      example: shape.example,
      lines: here.lines,
      perJobAtOne: perJob(arm.n === 1 ? here : one),
      perJobAtN: here.lines / here.jobs,
      perStart: unit === "starts" && here.starts > 0 ? here.lines / here.starts : null,
      counted: byJob ? "jobs" : "waves",
      table: {
        failedWith: table.a,
        failedWithout: table.b,
        okWith: table.c,
        okWithout: table.d,
      },
      oddsRatio: oddsRatio(table),
    },
    table,
    constant: isConstant(groups, unit),
    itself: refusals.some((words) => shape.parts.some((part) => part.includes(words))),
  };
};

const verdictOf = ({ signal, table, constant, itself }: Counted, p: number): SignalVerdict => {
  if (itself) return "the failure itself";
  if (constant) return "constant";
  const { value, high } = signal.oddsRatio;
  if (smallestP(table.a + table.b, table.c + table.d) >= SIGNIFICANT) return "unknown";
  if (p < SIGNIFICANT && value > 1) return "associated";
  return high <= SMALL_ODDS ? "not associated" : "unknown";
};

/** All that two arms may have in common besides N and the name. */
const familyOf = (arm: Arm): string =>
  JSON.stringify(Object.entries(arm).filter(([key]) => key !== "id" && key !== "n"));

const refusalsOf = (waves: readonly WaveHistory[], run: string): readonly string[] => {
  const words = waves
    .flatMap(({ jobs }) => jobs.flatMap(({ burst }) => burst))
    .flatMap(({ answer }) =>
      answer.kind === "refused" && answer.by === "daemon" ? [template(answer.message, run)] : [],
    );
  return [...new Set(words)].filter(({ length }) => length >= SHORTEST_WORDS);
};

const byImportance = (a: Signal, b: Signal): number =>
  SIGNAL_VERDICTS.indexOf(a.verdict) - SIGNAL_VERDICTS.indexOf(b.verdict) ||
  (a.p ?? 1) - (b.p ?? 1) ||
  b.lines - a.lines ||
  (a.template < b.template ? -1 : 1);

/**
 * Every shape of line that recurs in an arm's waves, what goes with failure first; null where no wave has a log and
 * an end of its burst. Waves that were cut off are not counted; of a log that was too long, what was kept is.
 *
 * Arms of N=1 are what larger ones are compared to; they are listed themselves only where nothing larger is.
 */
export const signals = (run: RunHistory): readonly Signal[] | null => {
  const { arms, run: id } = run.started;
  const shapes = new Map<string, Shape>();
  const readArms = arms.map((arm) => {
    const waves = run.waves.filter(({ started }) => started.arm === arm.id);
    const proof = proofOf(
      run.started,
      waves.flatMap(({ jobs }) => jobs),
    );
    const read = waves.flatMap((wave) => readWave(run, wave, { proof, shapes }) ?? []);
    return { arm, family: familyOf(arm), waves: read, refusals: refusalsOf(waves, id) };
  });
  if (readArms.every(({ waves }) => waves.length === 0)) return null;
  const larger = new Set(readArms.flatMap(({ arm, family }) => (arm.n > 1 ? [family] : [])));
  const counted = readArms.flatMap(({ family, ...read }) => {
    if (read.arm.n === 1 && larger.has(family)) return [];
    const atOne = readArms
      .filter((other) => other.family === family && other.arm.n === 1)
      .flatMap(({ waves }) => waves);
    return [...shapes].flatMap(([key, shape]) => countShape(key, shape, { ...read, atOne }) ?? []);
  });
  // Every line that is asked about is a chance to be wrong, whatever is found of it otherwise.
  const tested = counted.filter(({ itself }) => !itself);
  const adjusted = holm(tested.map(({ table }) => fisherExact(table)));
  const pOf = new Map(tested.map((each, index) => [each, adjusted[index]]));
  return counted
    .map((each): Signal => {
      const p = pOf.get(each) ?? null;
      return { ...each.signal, p, verdict: verdictOf(each, p ?? 1) };
    })
    .sort(byImportance);
};
