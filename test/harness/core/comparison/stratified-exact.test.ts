import fc from "fast-check";
import { expect, test } from "vitest";
import { stratifiedExact } from "../../../../harness/core/comparison/stratified-exact.ts";
import { fisherExact, type TwoByTwo } from "../../../../harness/core/fisher.ts";

const table = (a: number, b: number, c: number, d: number): TwoByTwo => ({ a, b, c, d });

/** Penicillin and rabbits: Agresti 1990, 231–237, and the examples of R's mantelhaen.test. */
const RABBITS = [
  table(0, 6, 0, 5),
  table(3, 3, 0, 6),
  table(6, 0, 2, 4),
  table(5, 1, 6, 0),
  table(2, 0, 5, 0),
];

/** Admissions to Berkeley by sex and department: Bickel, Hammel and O'Connell, Science 187 (1975), 398–404. */
const BERKELEY = [
  table(512, 313, 89, 19),
  table(353, 207, 17, 8),
  table(120, 205, 202, 391),
  table(138, 279, 131, 244),
  table(53, 138, 94, 299),
  table(22, 351, 24, 317),
];

test("rabbits have the p, the odds ratio and the interval of R's mantelhaen.test", () => {
  const { p, oddsRatio } = stratifiedExact(RABBITS);
  expect(p).toBeCloseTo(0.03994, 5);
  expect(oddsRatio?.value).toBeCloseTo(7, 9);
  expect(oddsRatio?.low).toBeCloseTo(1.026713, 6);
  expect(oddsRatio?.high).toBeCloseTo(47.725133, 5);
});

test("Berkeley has the odds ratio of R's mantelhaen.test, and the p of SciPy's distributions", () => {
  const { p, oddsRatio } = stratifiedExact(BERKELEY);
  // The convolution of scipy.stats.hypergeom, SciPy 1.17.1.
  expect(p).toBeCloseTo(0.227762527, 9);
  expect(oddsRatio?.value).toBeCloseTo(0.9046968, 7);
  expect(oddsRatio?.low).toBeCloseTo(0.7719074, 7);
  expect(oddsRatio?.high).toBeCloseTo(1.0603298, 7);
});

const cell = fc.integer({ min: 0, max: 5 });
const tables = fc.record({ a: cell, b: cell, c: cell, d: cell });

test("one stratum is Fisher's exact test", () => {
  fc.assert(
    fc.property(tables, (cells) => {
      expect(stratifiedExact([cells]).p).toBeCloseTo(fisherExact(cells), 9);
    }),
  );
});

test("a stratum without failures, or without one of the groups, changes no p", () => {
  fc.assert(
    fc.property(tables, cell, cell, (cells, b, d) => {
      const { p } = stratifiedExact([cells]);
      expect(stratifiedExact([cells, table(0, b, 0, d)]).p).toBeCloseTo(p, 9);
      expect(stratifiedExact([cells, table(b, d, 0, 0)]).p).toBeCloseTo(p, 9);
    }),
  );
});

/** Every way to hand out the failures of a stratum among its jobs, as the number of them in the first group. */
const dealt = ({ a, b, c, d }: TwoByTwo): readonly number[] => {
  const jobs = a + b + c + d;
  return Array.from({ length: 2 ** jobs }, (_, mask) => mask).flatMap((mask) => {
    const failed = Array.from({ length: jobs }, (__, job) => (mask >> job) & 1);
    if (failed.reduce((x, y) => x + y, 0) !== a + c) return [];
    return [failed.slice(0, a + b).reduce((x, y) => x + y, 0)];
  });
};

test("the p of two strata is that of counting every way to hand out their failures", () => {
  const small = fc.integer({ min: 0, max: 2 });
  const strata = fc.record({ a: small, b: small, c: small, d: small });
  fc.assert(
    fc.property(strata, strata, (one, other) => {
      const others = dealt(other);
      const sums = new Map<number, number>();
      for (const x of dealt(one)) {
        for (const y of others) sums.set(x + y, (sums.get(x + y) ?? 0) + 1);
      }
      const ways = [...sums.values()];
      const observed = sums.get(one.a + other.a) ?? 0;
      const all = ways.reduce((x, y) => x + y, 0);
      const extreme = ways.filter((way) => way <= observed).reduce((x, y) => x + y, 0);
      expect(stratifiedExact([one, other]).p).toBeCloseTo(extreme / all, 9);
    }),
    { numRuns: 30 },
  );
});

test("in one stratum the risk difference is that of the shares, with Wald's interval", () => {
  const { riskDifference } = stratifiedExact([table(30, 90, 12, 108)]);
  // 0.25 − 0.1 ± 1.96 × sqrt(0.25 × 0.75 / 120 + 0.1 × 0.9 / 120)
  const half = 1.959963985 * Math.sqrt((0.25 * 0.75 + 0.1 * 0.9) / 120);
  expect(riskDifference?.value).toBeCloseTo(0.15, 9);
  expect(riskDifference?.low).toBeCloseTo(0.15 - half, 9);
  expect(riskDifference?.high).toBeCloseTo(0.15 + half, 9);
});

test("where one group has no failure there is no odds ratio, and a difference all the same", () => {
  const block = table(10, 30, 0, 40);
  const found = stratifiedExact([block, block, block]);
  expect(found.oddsRatio).toBeNull();
  expect(found.riskDifference?.value).toBeCloseTo(0.25, 9);
  expect(found.p).toBeLessThan(1e-9);
});

test("no strata tell nothing", () => {
  expect(stratifiedExact([])).toEqual({ p: 1, oddsRatio: null, riskDifference: null });
});

test("a table that is not of counts is refused", () => {
  expect(() => stratifiedExact([table(-1, 0, 0, 0)])).toThrow(RangeError);
});
