import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fisherExact,
  holm,
  oddsRatio,
  smallestP,
  type TwoByTwo,
} from "../../../harness/core/fisher.ts";

const table = (a: number, b: number, c: number, d: number): TwoByTwo => ({ a, b, c, d });

test.each([
  ["Fisher's tea", table(3, 1, 1, 3), 0.4857142857],
  ["2 of 16 against 0 of 16", table(2, 14, 0, 16), 0.4838709677],
  // The others as SciPy 1.17.1 gives them (scipy.stats.fisher_exact).
  ["6 of 8 against 24 of 24", table(6, 2, 24, 0), 0.0564516129],
  ["8 of 10 against 1 of 6", table(8, 2, 1, 5), 0.034965035],
  ["10 of 12 against 3 of 18", table(10, 2, 3, 15), 0.0005367241],
  ["0 of 5 against 5 of 5", table(0, 5, 5, 0), 0.0079365079],
])("%s has the published p", (_, cells, p) => {
  expect(fisherExact(cells)).toBeCloseTo(p, 9);
});

/** Exact for these sizes: every product stays below 2^53. */
const choose = (n: number, k: number): number => {
  let result = 1;
  for (let i = 1; i <= k; i += 1) result = (result * (n - k + i)) / i;
  return Math.round(result);
};

/** By counting, with whole numbers, every way to hand out the property. */
const counted = ({ a, b, c, d }: TwoByTwo): number => {
  const waysOf = (first: number): number => choose(a + b, first) * choose(c + d, a + c - first);
  const all = Array.from({ length: a + c + 1 }, (_, first) => first).filter(
    (first) => first <= a + b && a + c - first <= c + d,
  );
  const extreme = all.filter((first) => waysOf(first) <= waysOf(a));
  const sum = (cells: readonly number[]): number =>
    cells.reduce((x, first) => x + waysOf(first), 0);
  return sum(extreme) / sum(all);
};

const cell = fc.integer({ min: 0, max: 9 });
const tables = fc.record({ a: cell, b: cell, c: cell, d: cell });

test("the p of a small table is that of counting all tables with its margins", () => {
  fc.assert(
    fc.property(tables, (cells) => {
      expect(fisherExact(cells)).toBeCloseTo(counted(cells), 9);
    }),
  );
});

test("groups and columns can change places", () => {
  fc.assert(
    fc.property(tables, ({ a, b, c, d }) => {
      const p = fisherExact(table(a, b, c, d));
      expect(fisherExact(table(c, d, a, b))).toBeCloseTo(p, 9);
      expect(fisherExact(table(b, a, d, c))).toBeCloseTo(p, 9);
    }),
  );
});

test("a hundred thousand jobs do not overflow", () => {
  expect(fisherExact(table(500, 49_500, 500, 49_500))).toBeCloseTo(1, 6);
  expect(fisherExact(table(900, 49_100, 500, 49_500))).toBeLessThan(1e-20);
});

test("two waves can show nothing, four against four can", () => {
  expect(smallestP(1, 1)).toBe(1);
  expect(smallestP(4, 4)).toBeCloseTo(2 / 70, 9);
  expect(smallestP(3, 0)).toBe(1);
});

test("the odds ratio of a full table is the cross product, with Woolf's interval", () => {
  const odds = oddsRatio(table(8, 2, 1, 5));
  expect(odds.value).toBe(20);
  expect(odds.corrected).toBe(false);
  // exp(ln 20 ± 1.96 × sqrt(1/8 + 1/2 + 1 + 1/5))
  expect(odds.low).toBeCloseTo(1.4162, 4);
  expect(odds.high).toBeCloseTo(282.45, 1);
});

test("an empty cell adds one half to each, so that the ratio stays finite", () => {
  const odds = oddsRatio(table(8, 0, 0, 24));
  expect(odds).toMatchObject({ value: (8.5 * 24.5) / 0.25, corrected: true });
  expect(Number.isFinite(odds.high)).toBe(true);
});

test.each([[table(-1, 0, 0, 0)], [table(0.5, 0, 0, 0)], [table(Number.NaN, 1, 1, 1)]])(
  "%o is no table",
  (cells) => {
    expect(() => fisherExact(cells)).toThrow(RangeError);
    expect(() => oddsRatio(cells)).toThrow(RangeError);
  },
);

test("Holm multiplies the smallest by all, the next by one less, and never goes down", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([])).toEqual([]);
});

test("an adjusted p is at least the raw one, at most 1, and in the same order", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
      const adjusted = holm(ps);
      for (const [i, p] of ps.entries()) {
        expect(adjusted[i]).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]).toBeLessThanOrEqual(1);
        for (const [j, other] of ps.entries()) {
          if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
        }
      }
    }),
  );
});
