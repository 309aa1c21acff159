/**
 * What grows from wave to wave of a run: the counters that are read after each wave's sweep, when nothing of the
 * run should be left.
 */
import { z } from "zod";
import { countersSchema, type Counter } from "./evidence.ts";
import { holm } from "./fisher.ts";
import type { RunHistory } from "./history.ts";
import { trend, type Reading, type Trend } from "./trend.ts";

const COUNTERS: readonly Counter[] = countersSchema.keyof().options;

/** Waves with a reading below which nothing is said of a trend. */
export const FEWEST_WAVES = 8;

/** A longer series is thinned to this many evenly spaced readings: there are half its square of slopes. */
const MOST_READINGS = 2000;

/** A trend that could be chance in fewer than one of twenty runs is no chance. */
const SIGNIFICANT = 0.05;

const SOAK_VERDICTS = ["grows", "no growth shown", "too few waves"] as const;

export const soakTrendSchema = z.object({
  counter: countersSchema.keyof(),
  /** The profile whose engine it is; null where the run had one engine and no profile. */
  profile: z.string().nullable(),
  /** Waves after which it could be read. */
  waves: z.int().positive(),
  /** After the first and after the last of them. */
  first: z.number(),
  last: z.number(),
  /** Theil–Sen, per wave, with its 95 % interval; null for a single reading. */
  slope: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Mann–Kendall, two-sided, after Holm's correction over the counters; null with too few waves. */
  p: z.number().nullable(),
  verdict: z.enum(SOAK_VERDICTS),
});
export type SoakTrend = z.infer<typeof soakTrendSchema>;

const readingsOf = ({ waves }: RunHistory, counter: Counter): readonly Reading[] =>
  waves.flatMap(({ started, ended }) => {
    const y = ended?.counters?.[counter] ?? null;
    return y === null ? [] : [{ x: started.wave, y }];
  });

const thinned = (readings: readonly Reading[]): readonly Reading[] => {
  const step = Math.ceil(readings.length / MOST_READINGS);
  // Counted from the end, so that the last reading stays.
  return readings.filter((_, index) => (readings.length - 1 - index) % step === 0);
};

const verdictOf = (p: number | null, { s }: Trend): SoakTrend["verdict"] =>
  p === null ? "too few waves" : p < SIGNIFICANT && s > 0 ? "grows" : "no growth shown";

/**
 * One entry for each counter that could be read, in the order in which they are kept.
 *
 * @param run - of one engine: the counters of another have nothing to do with its own
 */
export const soak = (run: RunHistory): readonly SoakTrend[] => {
  const profile = run.started.arms[0]?.profile ?? null;
  const series = COUNTERS.flatMap((counter) => {
    const readings = readingsOf(run, counter);
    const [first, last] = [readings[0], readings.at(-1)];
    if (first === undefined || last === undefined) return [];
    const found = readings.length < 2 ? null : trend(thinned(readings));
    return [{ counter, profile, waves: readings.length, first: first.y, last: last.y, found }];
  });
  const tested = series.flatMap(({ waves, found }) =>
    waves < FEWEST_WAVES || found === null ? [] : [found],
  );
  const adjusted = holm(tested.map(({ p }) => p));
  return series.map(({ found, ...one }): SoakTrend => {
    if (found === null) {
      return { ...one, slope: null, low: null, high: null, p: null, verdict: "too few waves" };
    }
    const p = adjusted[tested.indexOf(found)] ?? null;
    const { slope, low, high } = found;
    return { ...one, slope, low, high, p, verdict: verdictOf(p, found) };
  });
};
