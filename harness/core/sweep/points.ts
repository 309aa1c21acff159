/**
 * At how many jobs at once a sweep measures: `1..64`, `1..64:8`, `1,4,16`.
 */
import { StressError } from "../errors.ts";

/** Jobs released at once, at most: what a run takes too. */
const LARGEST = 10_000;

/** More than any sweep comes to the end of; `1..10000:1` is a slip. */
const MOST_POINTS = 100;

const refuse = (given: string, why: string): never => {
  throw new StressError(
    "usage",
    `--n ${JSON.stringify(given)}: ${why}; it takes 1..64, 1..64:8 or 1,4,16`,
  );
};

/** The two ends, and between them every multiple of the step, or without one every power of two. */
const between = (low: number, high: number, step: number | null): readonly number[] => {
  const points = [low];
  let next = step ?? 1;
  while (next < high && points.length <= MOST_POINTS) {
    if (next > low) points.push(next);
    next += step ?? next;
  }
  return high > low ? [...points, high] : points;
};

const ITEM = /^(?<low>\d{1,6})(?:\.\.(?<high>\d{1,6})(?::(?<step>\d{1,6}))?)?$/;

const itemOf = (item: string, given: string): readonly number[] => {
  const { low, high, step } = ITEM.exec(item.trim())?.groups ?? {};
  if (low === undefined) return refuse(given, `${JSON.stringify(item)} is no number and no range`);
  const [first, last] = [Number(low), Number(high ?? low)];
  if (first < 1 || last > LARGEST) {
    return refuse(given, `jobs at once are from 1 to ${String(LARGEST)}`);
  }
  if (first > last) return refuse(given, `${item} ends before it begins`);
  if (Number(step ?? 1) < 1) return refuse(given, "a step is at least 1");
  return between(first, last, step === undefined ? null : Number(step));
};

/**
 * The numbers of jobs in ascending order, each once.
 *
 * `1..64` doubles (1, 2, 4, … 64): what fails by a shared limit shows on a ratio of N, and half of all jobs are
 * spent at the largest. `1..64:8` goes by multiples of the step (1, 8, 16, … 64), where the place is to be found
 * more exactly. The ends of a range always belong to it, and items are joined: `1..16,28..34:1`.
 *
 * @throws StressError("usage") for anything else
 */
export const sweepPoints = (given: string): readonly number[] => {
  const points = new Set(given.split(",").flatMap((item) => itemOf(item, given)));
  if (points.size > MOST_POINTS) {
    refuse(given, `more than ${String(MOST_POINTS)} numbers; a larger step makes fewer`);
  }
  return [...points].toSorted((a, b) => a - b);
};
