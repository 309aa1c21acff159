import fc from "fast-check";
import { expect, test } from "vitest";
import { trend, type Reading } from "../../../harness/core/trend.ts";

const series = (values: readonly number[]): readonly Reading[] =>
  values.map((y, index) => ({ x: index + 1, y }));

test.each([
  // Gilbert 1987, example 16.2, and the example for five readings of EPA QA/G-9: one-sided 0.167 and 0.117.
  [[10, 15, 14, 20], 4, 1 / 3],
  [[5, 6, 11, 8, 10], 6, 28 / 120],
])("%j has the published S and p", (values, s, p) => {
  const found = trend(series(values));
  expect(found.s).toBe(s);
  expect(found.p).toBeCloseTo(p, 9);
});

/** Ten values in an order with this S: so many neighbours from the start change places. */
const tenWithS = (s: number): readonly number[] => {
  const values = Array.from({ length: 10 }, (_, index) => index);
  let swaps = (45 - s) / 2;
  for (let pass = 0; pass < 10 && swaps > 0; pass += 1) {
    for (let i = 0; i < 9 && swaps > 0; i += 1) {
      const [here = 0, next = 0] = [values[i], values[i + 1]];
      if (here < next) {
        [values[i], values[i + 1]] = [next, here];
        swaps -= 1;
      }
    }
  }
  return values;
};

test.each([
  // One-sided, for ten readings: Kendall 1975, appendix table 1; Gilbert 1987, table A18.
  [11, 0.19],
  [19, 0.054],
  [23, 0.023],
  [27, 0.0083],
  [33, 0.0011],
])("ten readings with S = %i have the p of Kendall's table", (s, oneSided) => {
  const found = trend(series(tenWithS(s)));
  expect(found.s).toBe(s);
  expect(found.p / 2).toBeCloseTo(oneSided, oneSided < 0.01 ? 4 : 3);
});

test.each([
  // S and slopes as SciPy 1.17.1 gives them (scipy.stats.theilslopes); p of the normal approximation by hand.
  {
    values: [12, 14, 13, 13, 15, 16, 15, 17, 18, 17, 19, 19, 20, 18],
    expected: { s: 72, slope: 0.5714285714, p: 8.990299650159e-5 },
    interval: [0.5, 0.75],
  },
  {
    values: [5, 5, 6, 5, 5, 7, 5, 6, 5, 5, 6, 5, 7, 5, 6],
    expected: { s: 16, slope: 0, p: 0.391687900373 },
    interval: [0, 0.1],
  },
  {
    values: [31, 30, 32, 29, 33, 31, 30, 34, 36, 33, 35, 38],
    expected: { s: 37, slope: 0.5902777778, p: 0.012911175916 },
    interval: [0.25, 1],
  },
])("$values has S, slope and p of an independent program", ({ values, expected, interval }) => {
  const found = trend(series(values));
  expect(found.s).toBe(expected.s);
  expect(found.slope).toBeCloseTo(expected.slope, 9);
  expect(found.p).toBeCloseTo(expected.p, 9);
  // SciPy rounds to whole ranks, this interpolates between them.
  expect(found.low).toBeCloseTo(interval[0] ?? 0, 1);
  expect(found.high).toBeCloseTo(interval[1] ?? 0, 1);
});

const permutations = (values: readonly number[]): readonly (readonly number[])[] =>
  values.length <= 1
    ? [values]
    : values.flatMap((first, index) =>
        permutations(values.toSpliced(index, 1)).map((rest) => [first, ...rest]),
      );

const kendallS = (values: readonly number[]): number => {
  let s = 0;
  for (const [i, later] of values.entries()) {
    for (const earlier of values.slice(0, i)) s += Math.sign(later - earlier);
  }
  return s;
};

test("the exact p is that of counting all orders of the values, ties or not", () => {
  const values = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(values, (given) => {
      const scores = permutations(given).map(kendallS);
      const extreme = scores.filter((s) => Math.abs(s) >= Math.abs(kendallS(given)));
      expect(trend(series(given)).p).toBeCloseTo(extreme.length / scores.length, 9);
    }),
  );
});

test("slope and test do not care for the level, and turn with the sign", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 25 });
  fc.assert(
    fc.property(values, fc.integer({ min: -1000, max: 1000 }), (given, level) => {
      const found = trend(series(given));
      const raised = trend(series(given.map((y) => y + level)));
      const turned = trend(series(given.map((y) => -y)));
      expect(raised).toEqual(found);
      expect(turned.s).toBe(-found.s + 0);
      expect(turned.p).toBeCloseTo(found.p, 12);
      expect(turned.slope).toBeCloseTo(-found.slope, 12);
      expect(found.low).toBeLessThanOrEqual(found.slope);
      expect(found.high).toBeGreaterThanOrEqual(found.slope);
    }),
  );
});

test("one wild reading does not move the slope", () => {
  const values = Array.from({ length: 20 }, (_, index) => 3 * index);
  expect(trend(series(values.with(9, 100_000))).slope).toBe(3);
});

test("a gap between waves is a longer way, not a steeper one", () => {
  const found = trend([1, 2, 3, 10, 11].map((x) => ({ x, y: 2 * x })));
  expect(found).toMatchObject({ slope: 2, low: 2, high: 2 });
});

test("what never changes has no slope and a p of 1, long or short", () => {
  expect(trend(series([7, 7, 7, 7]))).toMatchObject({ slope: 0, p: 1, s: 0 });
  expect(trend(series(Array.from({ length: 30 }, () => 7)))).toMatchObject({ slope: 0, p: 1 });
});

test.each([[[]], [[{ x: 1, y: 1 }]]])("%j is no series", (readings) => {
  expect(() => trend(readings)).toThrow(RangeError);
});

test("readings out of order, or twice of one wave, are refused", () => {
  expect(() =>
    trend([
      { x: 2, y: 1 },
      { x: 1, y: 1 },
    ]),
  ).toThrow(RangeError);
  expect(() =>
    trend([
      { x: 1, y: 1 },
      { x: 1, y: 2 },
    ]),
  ).toThrow(RangeError);
});
