/**
 * A straight line through points of which some may be far off, with intervals by drawing the points anew.
 */
import { shuffled, type Random } from "../random.ts";
import { quantile, sorted, type Interval } from "../statistics.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

export const isLine = (points: readonly Point[]): boolean =>
  new Set(points.map(({ x }) => x)).size > 1;

/** Of an array of its own, which it sorts: thousands of medians make one interval. */
const medianOf = (values: Float64Array): number => {
  values.sort();
  const half = values.length / 2;
  return ((values[Math.ceil(half) - 1] ?? NaN) + (values[Math.floor(half)] ?? NaN)) / 2;
};

/**
 * Theil–Sen: the median of the slopes of all pairs at different x, through the median of what is left.
 *
 * @param points - at two or more different x
 * @throws RangeError for fewer
 * @see Sen, J. Amer. Statist. Assoc. 63 (1968), 1379–1389
 */
export const robustLine = (points: readonly Point[]): Line => {
  if (!isLine(points)) throw new RangeError("a line needs two points");
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let pairs = 0;
  for (const [index, a] of points.entries()) {
    for (let other = 0; other < index; other += 1) {
      const b = points[other];
      if (b === undefined || a.x === b.x) continue;
      slopes[pairs] = (a.y - b.y) / (a.x - b.x);
      pairs += 1;
    }
  }
  const slope = medianOf(slopes.subarray(0, pairs));
  const left = Float64Array.from(points, ({ x, y }) => y - slope * x);
  return { slope, intercept: medianOf(left) };
};

/** Pairs of points looked at for one interval; many points have fewer draws. */
const MOST_PAIRS = 5_000_000;
const [FEWEST_DRAWS, MOST_DRAWS] = [100, 500] as const;
/** Below this many points, the draws are too much alike. */
const FEWEST_POINTS = 6;

/**
 * 95 % interval of something computed from the points, by the bootstrap: as many points drawn from them, with
 * replacement, over and over. Null where there are too few to draw from.
 *
 * @param of - called only with points that make a line
 * @see Efron and Tibshirani, An Introduction to the Bootstrap (1993), 13.3
 */
export const bootstrapped = (
  points: readonly Point[],
  of: (drawn: readonly Point[]) => number,
  random: Random,
): Interval | null => {
  if (points.length < FEWEST_POINTS || !isLine(points)) return null;
  const pairs = (points.length * (points.length - 1)) / 2;
  const draws = Math.min(MOST_DRAWS, Math.max(FEWEST_DRAWS, Math.floor(MOST_PAIRS / pairs)));
  const values: number[] = [];
  while (values.length < draws) {
    const drawn = points.flatMap(() => points[random.below(points.length)] ?? []);
    if (isLine(drawn)) values.push(of(drawn));
  }
  const ordered = sorted(values);
  return { low: quantile(ordered, 0.025), high: quantile(ordered, 0.975) };
};

const ranks = (values: readonly number[]): readonly number[] => {
  const ordered = values.toSorted((a, b) => a - b);
  return values.map((value) => (ordered.indexOf(value) + ordered.lastIndexOf(value)) / 2);
};

/** x² less what a straight line in x says of it: positive at both ends, negative in the middle. */
const curvature = (points: readonly Point[]): readonly number[] => {
  const mean = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b, 0) / values.length;
  const xs = points.map(({ x }) => x);
  const centre = mean(xs);
  const squares = xs.map((x) => (x - centre) ** 2);
  const tilt =
    mean(squares.map((square, index) => square * ((xs[index] ?? 0) - centre))) / mean(squares);
  return squares.map(
    (square, index) => square - mean(squares) - tilt * ((xs[index] ?? 0) - centre),
  );
};

const PERMUTATIONS = 2000;

export interface Bend {
  /** Of so much of a bend by chance, two-sided. */
  readonly p: number;
  /** `up`: steeper and steeper. */
  readonly direction: "up" | "down";
}

/**
 * Does the line bend? A permutation test of what is left over, in ranks of its share of the line's own height,
 * against the curvature of x². Null with fewer than three different x, or too few points.
 */
export const bendOf = (
  points: readonly Point[],
  { intercept, slope }: Line,
  random: Random,
): Bend | null => {
  if (points.length < FEWEST_POINTS || new Set(points.map(({ x }) => x)).size < 3) return null;
  const least = Math.min(...points.map(({ y }) => y));
  const left = points.map(({ x, y }) => {
    const height = intercept + slope * x;
    return (y - height) / Math.max(height, least, Number.MIN_VALUE);
  });
  const contrast = curvature(points);
  const together = (values: readonly number[]): number =>
    values.reduce((all, value, index) => all + value * (contrast[index] ?? 0), 0);
  const ranked = ranks(left);
  const observed = together(ranked);
  let extreme = 1;
  for (let drawn = 0; drawn < PERMUTATIONS; drawn += 1) {
    // Rounding must not tell apart what is the same.
    if (Math.abs(together(shuffled(ranked, random))) >= Math.abs(observed) * (1 - 1e-12)) {
      extreme += 1;
    }
  }
  return { p: extreme / (PERMUTATIONS + 1), direction: observed > 0 ? "up" : "down" };
};
