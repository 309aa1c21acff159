import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hodgesLehmann,
  mannWhitney,
  smallestRankP,
} from "../../../../harness/core/comparison/rank-sum.ts";

/** Hollander and Wolfe 1973, 69–70, and the examples of R's wilcox.test. */
const TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLY = [1.15, 0.88, 0.9, 0.74, 1.21];

test("permeability has the p, the shift and the interval of R's wilcox.test", () => {
  // One-sided 0.1272; SciPy 1.17.1 has the digits.
  expect(mannWhitney(TERM, EARLY)).toBeCloseTo(0.2544122544, 9);
  const { value, interval } = hodgesLehmann(TERM, EARLY);
  expect(value).toBeCloseTo(0.305, 9);
  expect(interval?.low).toBeCloseTo(-0.15, 9);
  expect(interval?.high).toBeCloseTo(0.76, 9);
});

/** Samples without equal values whose U, the pairs in which the first is larger, is this. */
const withU = (u: number, first: number, second: number) => {
  const others = Array.from({ length: second }, (_, index) => index * 100);
  let left = u;
  const own = Array.from({ length: first }, (_, index) => {
    const above = Math.min(second, left);
    left -= above;
    return above * 100 - 50 + index;
  });
  return { own, others };
};

test.each([
  // The largest U that is significant at 0.05, two-sided: Mann–Whitney tables, e.g. Siegel 1956, table K.
  [4, 4, 0],
  [3, 5, 0],
  [5, 5, 2],
  [6, 6, 5],
  [4, 10, 5],
  [7, 7, 8],
  [8, 8, 13],
  [10, 10, 23],
  [9, 20, 48],
  [12, 15, 49],
  [20, 20, 127],
])("for %i and %i values U = %i is the last that is significant", (first, second, critical) => {
  const last = withU(critical, first, second);
  const next = withU(critical + 1, first, second);
  expect(mannWhitney(last.own, last.others)).toBeLessThanOrEqual(0.05);
  expect(mannWhitney(next.own, next.others)).toBeGreaterThan(0.05);
});

test("for 30 and 35 values with ties the p is that of an independent program", () => {
  const first = [
    8.4, 7.4, 9.5, 10.8, 12.3, 10.2, 8.9, 8.4, 11.5, 13.3, 10.5, 7.5, 8.1, 13.2, 10.4, 6.5, 9.8,
    7.7, 8.7, 9.0, 8.6, 11.1, 9.9, 8.8, 10.8, 11.7, 6.7, 9.5, 8.0, 9.7,
  ];
  const second = [
    8.4, 11.0, 10.9, 10.4, 8.9, 10.2, 8.8, 8.3, 11.4, 8.8, 13.3, 12.4, 7.0, 11.5, 8.8, 11.1, 11.1,
    7.0, 10.5, 10.5, 12.9, 8.6, 12.5, 8.8, 10.3, 9.3, 13.9, 12.1, 15.9, 12.3, 12.7, 12.7, 9.8, 10.9,
    13.7,
  ];
  // scipy.stats.mannwhitneyu(method="asymptotic", use_continuity=True), SciPy 1.17.1
  expect(mannWhitney(first, second)).toBeCloseTo(0.01686949281, 9);
});

test("with ties and few values the p is that of an independent program's permutations", () => {
  // scipy.stats.permutation_test of the rank sum over all 1,716 choices, SciPy 1.17.1
  expect(mannWhitney([1, 2, 2, 3, 5, 5], [2, 3, 4, 5, 6, 7, 7])).toBeCloseTo(0.1153846154, 9);
});

const choices = (items: readonly number[], take: number): readonly (readonly number[])[] => {
  if (take === 0) return [[]];
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), take - 1).map((rest) => [item, ...rest]),
  );
};

/** Pairs in which the first is larger, halves where they are equal. */
const uOf = (first: readonly number[], second: readonly number[]): number =>
  first
    .flatMap((x) => second.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)))
    .reduce<number>((a, b) => a + b, 0);

const few = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 });

test("the p is that of all ways to deal the values to the two samples, ties or not", () => {
  fc.assert(
    fc.property(few, few, (first, second) => {
      const all = [...first, ...second];
      const middle = (first.length * second.length) / 2;
      const distances = choices([...all.keys()], first.length).map((chosen) => {
        const own = all.filter((_, index) => chosen.includes(index));
        const others = all.filter((_, index) => !chosen.includes(index));
        return Math.abs(uOf(own, others) - middle);
      });
      const observed = Math.abs(uOf(first, second) - middle);
      const extreme = distances.filter((distance) => distance >= observed).length;
      expect(mannWhitney(first, second)).toBeCloseTo(extreme / distances.length, 9);
    }),
    { numRuns: 60 },
  );
});

test("three against three can show nothing and have no interval; four against four can", () => {
  expect(mannWhitney([4, 5, 6], [1, 2, 3])).toBeCloseTo(0.1, 9);
  expect(smallestRankP(3, 3)).toBeCloseTo(0.1, 9);
  expect(hodgesLehmann([4, 5, 6], [1, 2, 3])).toEqual({ value: 3, interval: null });
  expect(mannWhitney([5, 6, 7, 8], [1, 2, 3, 4])).toBeCloseTo(2 / 70, 9);
  expect(smallestRankP(4, 4)).toBeCloseTo(2 / 70, 9);
  expect(hodgesLehmann([5, 6, 7, 8], [1, 2, 3, 4])).toEqual({
    value: 4,
    interval: { low: 1, high: 7 },
  });
});

const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 12 });

test("the interval holds the shift, and moves with the sample", () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: -1000, max: 1000 }), (first, second, by) => {
      const found = hodgesLehmann(first, second);
      const moved = hodgesLehmann(
        first.map((value) => value + by),
        second,
      );
      expect(found.interval?.low).toBeLessThanOrEqual(found.value);
      expect(found.interval?.high).toBeGreaterThanOrEqual(found.value);
      expect(moved.value).toBeCloseTo(found.value + by, 9);
      expect(moved.interval?.low).toBeCloseTo((found.interval?.low ?? 0) + by, 9);
      expect(mannWhitney(second, first)).toBeCloseTo(mannWhitney(first, second), 9);
    }),
  );
});

test("without ties an interval that leaves 0 out goes with a p of at most 0.05, and no other does", () => {
  const distinct = fc.uniqueArray(fc.integer({ min: -60, max: 60 }), {
    minLength: 12,
    maxLength: 24,
  });
  fc.assert(
    fc.property(distinct, fc.integer({ min: 4, max: 8 }), (all, size) => {
      const [first, second] = [all.slice(0, size), all.slice(size)];
      const { interval } = hodgesLehmann(first, second);
      const leavesOut = interval !== null && (interval.low > 0 || interval.high < 0);
      expect(leavesOut).toBe(mannWhitney(first, second) <= 0.05);
    }),
  );
});

test("a large sample has the interval of the normal distribution", () => {
  const second = Array.from({ length: 40 }, (_, index) => index);
  const { value, interval } = hodgesLehmann(
    second.map((each) => each + 10),
    second,
  );
  // Lehmann 1975, 2.6: 800 − 1.96 × sqrt(40 × 40 × 81 / 12) = 596.3, so the 596th of 1,600 differences from either end.
  const differences = second
    .flatMap((x) => second.map((y) => x + 10 - y))
    .toSorted((a, b) => a - b);
  expect(value).toBe(10);
  expect(interval).toEqual({ low: differences[595], high: differences[1600 - 596] });
});

test("what is all the same does not differ, few values or many", () => {
  expect(mannWhitney([7, 7, 7, 7], [7, 7, 7, 7])).toBe(1);
  const many = Array.from({ length: 40 }, () => 7);
  expect(mannWhitney(many, many)).toBe(1);
});

test("an empty sample is refused", () => {
  expect(() => mannWhitney([], [1])).toThrow(RangeError);
  expect(() => hodgesLehmann([1], [])).toThrow(RangeError);
});
