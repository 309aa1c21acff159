/**
 * Burst time against N: what does each further job add?
 *
 * The model is T(N) = T(1) · ((1 − s) + s · N): jobs run beside each other but for a share s of each one's time, in
 * which it has something to itself. In the daemon that is the mutex under which networks are made and ports are
 * programmed. It is a straight line in N, and s its slope over its height at one job; Amdahl's law for a fixed load
 * a job, from the other side.
 *
 * What it cannot tell: processors are a thing to wait for too. On c of them, work that keeps one busy all the time
 * adds 1 / c of a job's time for each further job, mutex or not. So s is an upper bound of the mutex's share, and a
 * line that bends upward (level while processors are idle, then steep) says that it is not one share alone.
 *
 * A witness of the mutex by itself is `network.create`: where these calls queue, the k-th of N waits for k − 1 others,
 * so their mean time is (N + 1) / 2 times what each takes of the mutex, and grows by half of that a job. That too is an
 * upper bound.
 *
 * Waves are the units, each with its time; those in which a job failed are left out, since a job that fails early
 * leaves room to the others and one that runs into its deadline holds up the end.
 *
 * @see Amdahl, AFIPS Conf. Proc. 30 (1967), 483–485
 */
import { z } from "zod";
import { seeded, type Random } from "../random.ts";
import { median, sorted } from "../statistics.ts";
import { bendOf, bootstrapped, isLine, robustLine, type Line, type Point } from "./robust-line.ts";

/** One wave of N jobs, in milliseconds. */
export interface WaveTimes {
  readonly n: number;
  readonly failed: number;
  /** From the gate to the last job's end. */
  readonly burst: number;
  /** Mean of the wave's `network.create` calls; null without any. */
  readonly networkCreate: number | null;
}

const number = z.number();

/** With its 95 % interval; null where there are too few waves for one. */
const estimateSchema = z.object({ value: number, low: number.nullable(), high: number.nullable() });
export type Estimate = z.infer<typeof estimateSchema>;

export const burstTimesSchema = z.object({
  /** Waves it rests on, and those left out because a job failed. */
  waves: z.int().positive(),
  leftOut: z.int().nonnegative(),
  /** The line at one job, in milliseconds. */
  first: number,
  /** Milliseconds that each further job adds. */
  perJob: estimateSchema,
  /** s, a fraction of 1. */
  share: estimateSchema,
  /** Null where it could not be tested. */
  bend: z
    .object({
      /** Of so much of a bend by chance, two-sided. */
      p: number,
      direction: z.enum(["up", "down"]),
      /** Milliseconds that each further job adds, up to the middle of the numbers measured and from there on. */
      at: number,
      before: number,
      after: number,
    })
    .nullable(),
  /** Milliseconds for which each `network.create` has the others wait; null where there are no times of it. */
  networkCreate: estimateSchema.nullable(),
});
export type BurstTimes = z.infer<typeof burstTimesSchema>;

const shareOf = ({ intercept, slope }: Line): number => {
  const first = intercept + slope;
  if (slope <= 0) return 0;
  return first <= slope ? 1 : slope / first;
};

const estimate = (
  points: readonly Point[],
  of: (line: Line) => number,
  random: Random,
): Estimate => {
  const interval = bootstrapped(points, (drawn) => of(robustLine(drawn)), random);
  return {
    value: of(robustLine(points)),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
};

const bend = (points: readonly Point[], line: Line, random: Random): BurstTimes["bend"] => {
  const found = bendOf(points, line, random);
  if (found === null) return null;
  const numbers = sorted([...new Set(points.map(({ x }) => x))]);
  // One of the numbers measured, with another on either side.
  const at = numbers[Math.floor(numbers.length / 2)] ?? median(numbers);
  const slopeOf = (kept: (x: number) => boolean): number =>
    robustLine(points.filter(({ x }) => kept(x))).slope;
  return { ...found, at, before: slopeOf((x) => x <= at), after: slopeOf((x) => x >= at) };
};

/**
 * @param seed - of the draws that the intervals are made by
 * @returns null where fewer than two numbers of jobs have a wave without failures
 */
export const burstTimes = (waves: readonly WaveTimes[], seed: string): BurstTimes | null => {
  const clean = waves.filter(({ failed }) => failed === 0);
  const points = clean.map(({ n, burst }) => ({ x: n, y: burst }));
  if (!isLine(points)) return null;
  const creates = clean.flatMap(({ n, networkCreate }) =>
    networkCreate === null ? [] : [{ x: n, y: networkCreate }],
  );
  const line = robustLine(points);
  const draw = (what: string): Random => seeded(`${seed}/${what}`);
  return {
    waves: clean.length,
    leftOut: waves.length - clean.length,
    first: line.intercept + line.slope,
    perJob: estimate(points, ({ slope }) => slope, draw("job")),
    share: estimate(points, shareOf, draw("share")),
    bend: bend(points, line, draw("bend")),
    networkCreate: isLine(creates)
      ? estimate(creates, ({ slope }) => Math.max(0, 2 * slope), draw("create"))
      : null,
  };
};
