import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "../../../../harness/core/random.ts";
import {
  bendOf,
  bootstrapped,
  robustLine,
  type Point,
} from "../../../../harness/core/sweep/robust-line.ts";

const points = (...pairs: readonly (readonly [x: number, y: number])[]): readonly Point[] =>
  pairs.map(([x, y]) => ({ x, y }));

test("Sen's example has the published slope", () => {
  // Sen 1968, section 8: seven readings, slope 4.
  const line = robustLine(points([1, 9], [2, 15], [3, 19], [4, 20], [10, 45], [12, 55], [18, 78]));
  expect(line.slope).toBeCloseTo(4, 9);
});

test("one reading far off moves nothing", () => {
  const straight = Array.from({ length: 9 }, (_, x): Point => ({ x, y: 3 + 2 * x }));
  const { slope, intercept } = robustLine([...straight, { x: 4, y: 1e6 }]);
  expect(slope).toBeCloseTo(2, 9);
  expect(intercept).toBeCloseTo(3, 9);
});

test("the line moves with its points", () => {
  const coordinate = fc.integer({ min: -50, max: 50 });
  const drawn = fc.uniqueArray(fc.tuple(coordinate, coordinate), {
    minLength: 2,
    maxLength: 12,
    selector: ([x]) => x,
  });
  fc.assert(
    fc.property(drawn, coordinate, coordinate, (pairs, up, tilt) => {
      const line = robustLine(points(...pairs));
      const moved = robustLine(points(...pairs.map(([x, y]) => [x, y + up + tilt * x] as const)));
      expect(moved.slope).toBeCloseTo(line.slope + tilt, 6);
      expect(moved.intercept).toBeCloseTo(line.intercept + up, 6);
    }),
  );
});

test("points at one x make no line, and five waves no interval", () => {
  expect(() => robustLine(points([3, 1], [3, 2]))).toThrow(RangeError);
  const five = points([1, 1], [2, 2], [3, 3], [4, 4], [5, 5]);
  expect(bootstrapped(five, () => 0, seeded("draws"))).toBeNull();
  const one = points([1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [1, 6]);
  expect(bootstrapped(one, () => 0, seeded("draws"))).toBeNull();
  expect(bendOf(five, { intercept: 0, slope: 1 }, seeded("bend"))).toBeNull();
});

const NS = [1, 2, 4, 8, 16, 32, 64];

/** Three readings at each N, each off by a few percent. */
const readings = (height: (n: number) => number, seed: string): readonly Point[] => {
  const random = seeded(seed);
  return NS.flatMap((x) =>
    [1, 2, 3].map(() => ({ x, y: height(x) * (0.95 + 0.1 * random.next()) })),
  );
};

test("the interval of the slope holds the true one, and the same draws give the same interval", () => {
  const slopeOf = (drawn: readonly Point[]): number => robustLine(drawn).slope;
  const held = Array.from({ length: 20 }, (_, index) => {
    const seed = `slope/${String(index)}`;
    const data = readings((n) => 800 + 200 * n, seed);
    const interval = bootstrapped(data, slopeOf, seeded(seed));
    expect(bootstrapped(data, slopeOf, seeded(seed))).toEqual(interval);
    return interval !== null && interval.low <= 200 && 200 <= interval.high;
  });
  // 95 % of 20 are 19; fewer than 16 would be chance in one of four hundred.
  expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(16);
});

test("a straight line hardly ever bends, one that is level at first bends upward, one that levels off downward", () => {
  const bends = (height: (n: number) => number): readonly (string | null)[] =>
    Array.from({ length: 20 }, (_, index) => {
      const data = readings(height, `bend/${String(index)}`);
      const bend = bendOf(data, robustLine(data), seeded("permutations"));
      return bend !== null && bend.p < 0.05 ? bend.direction : null;
    });
  const times = (found: readonly (string | null)[], direction: string): number =>
    found.filter((each) => each === direction).length;
  expect(bends((n) => 800 + 200 * n).filter((each) => each !== null).length).toBeLessThanOrEqual(4);
  expect(
    times(
      bends((n) => Math.max(3000, 200 * n)),
      "up",
    ),
  ).toBeGreaterThanOrEqual(15);
  expect(
    times(
      bends((n) => 800 + 200 * Math.min(n, 16)),
      "down",
    ),
  ).toBeGreaterThanOrEqual(15);
});
