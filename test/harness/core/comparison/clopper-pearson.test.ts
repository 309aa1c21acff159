import fc from "fast-check";
import { expect, test } from "vitest";
import { lowerBound, upperBound } from "../../../../harness/core/comparison/clopper-pearson.ts";

/** SciPy 1.17.1: `scipy.stats.beta.ppf`. */
test.each([
  [0, 16, 0.025, 0, 0.2059072142],
  [2, 16, 0.025, 0.0155136038, 0.3834762368],
  [5, 10, 0.025, 0.1870860284, 0.8129139716],
  [12, 48, 0.05, 0.1510494937, 0.3733564734],
  [1, 1000, 0.05, 0.000051292, 0.0047349936],
  [30, 48, 1e-4, 0.3509845606, 0.8513912972],
])(
  "%i failures in %i jobs are bounded at %f as the beta distribution has it",
  (failed, of, alpha, low, high) => {
    expect(lowerBound({ failed, of }, alpha)).toBeCloseTo(low, 9);
    expect(upperBound({ failed, of }, alpha)).toBeCloseTo(high, 9);
  },
);

test("299 jobs without a failure show less than 1 %, and 298 do not", () => {
  expect(upperBound({ failed: 0, of: 299 }, 0.05)).toBeLessThan(0.01);
  expect(upperBound({ failed: 0, of: 298 }, 0.05)).toBeGreaterThan(0.01);
});

const trials = fc
  .integer({ min: 1, max: 500 })
  .chain((of) =>
    fc.record({ of: fc.constant(of), failed: fc.double({ min: 0, max: of, noNaN: true }) }),
  );

test("the bounds bracket what was observed, also for fractions of a job", () => {
  fc.assert(
    fc.property(
      trials,
      fc.double({ min: 1e-9, max: 0.5, noNaN: true }),
      ({ failed, of }, alpha) => {
        const [low, high] = [lowerBound({ failed, of }, alpha), upperBound({ failed, of }, alpha)];
        expect(low).toBeLessThanOrEqual(failed / of + 1e-9);
        expect(high).toBeGreaterThanOrEqual(failed / of - 1e-9);
        expect(low >= -1e-12 && high <= 1).toBe(true);
      },
    ),
  );
});

test.each([
  [1, 0, 0.05],
  [2, 1, 0.05],
  [-1, 4, 0.05],
  [0, 4, 0],
  [0, 4, 1],
])("%f of %f at %f is no rate", (failed, of, alpha) => {
  expect(() => upperBound({ failed, of }, alpha)).toThrow(RangeError);
});
