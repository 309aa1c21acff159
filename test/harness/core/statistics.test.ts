import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatInterval,
  median,
  quantile,
  rate,
  sorted,
  spread,
  wilson,
} from "../../../harness/core/statistics.ts";

/** To three decimals; 0/16 and 2/16 are the seed article's, the others from R's `prop.test(correct = FALSE)`. */
test.each([
  [0, 16, 0, 0.194],
  [2, 16, 0.035, 0.36],
  [0, 48, 0, 0.074],
  [1, 1, 0.207, 1],
  [5, 10, 0.237, 0.763],
])("%i failures in %i jobs allow a rate of %f to %f", (failed, of, low, high) => {
  const interval = wilson({ failed, of });
  expect(interval.low).toBeCloseTo(low, 3);
  expect(interval.high).toBeCloseTo(high, 3);
});

const trials = fc
  .integer({ min: 1, max: 100_000 })
  .chain((of) => fc.record({ of: fc.constant(of), failed: fc.integer({ min: 0, max: of }) }));

test("an interval lies in 0 … 1 and brackets what was observed", () => {
  fc.assert(
    fc.property(trials, ({ failed, of }) => {
      const { low, high } = wilson({ failed, of });
      return 0 <= low && low <= failed / of && failed / of <= high && high <= 1;
    }),
  );
});

test("failures and successes are mirror images", () => {
  fc.assert(
    fc.property(trials, ({ failed, of }) => {
      const one = wilson({ failed, of });
      const other = wilson({ failed: of - failed, of });
      expect(one.low).toBeCloseTo(1 - other.high, 9);
    }),
  );
});

test.each([
  [0, 0],
  [2, 1],
  [-1, 4],
  [0.5, 4],
])("%f of %f is not a rate", (failed, of) => {
  expect(() => wilson({ failed, of })).toThrow(RangeError);
});

test("no jobs have no rate", () => {
  expect(rate({ failed: 0, of: 0 })).toBeNull();
});

test("an interval names its unit once", () => {
  expect(formatInterval(wilson({ failed: 2, of: 48 }))).toBe("1.2–14 %");
  expect(formatInterval(wilson({ failed: 0, of: 48 }))).toBe("0–7.4 %");
});

/** R: `quantile(c(15, 20, 35, 40, 50), p, type = 7)`. */
test.each([
  [0, 15],
  [0.05, 16],
  [0.4, 29],
  [0.5, 35],
  [0.95, 48],
  [1, 50],
])("quantile %f of five samples is R's %f", (p, value) => {
  expect(quantile(sorted([50, 15, 40, 20, 35]), p)).toBeCloseTo(value, 9);
});

test("the median of an even number of samples is the mean of the middle two", () => {
  expect(median(sorted([4, 1, 3, 2]))).toBe(2.5);
});

const samples = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
const fraction = fc.double({ noNaN: true, min: 0, max: 1 });

test("quantiles stay between the extremes and do not fall", () => {
  fc.assert(
    fc.property(samples, fraction, fraction, (values, p, q) => {
      const ordered = sorted(values);
      const [lower, upper] = [quantile(ordered, Math.min(p, q)), quantile(ordered, Math.max(p, q))];
      return Math.min(...values) <= lower && lower <= upper && upper <= Math.max(...values);
    }),
  );
});

test("a spread does not depend on the order of its samples", () => {
  expect(spread([3, 1, 2])).toEqual({ samples: 3, median: 2, min: 1, max: 3 });
  expect(spread([])).toBeNull();
});

test("NaN, an empty sample and a fraction beyond 1 are refused", () => {
  expect(() => sorted([Number.NaN])).toThrow(RangeError);
  expect(() => median(sorted([]))).toThrow(RangeError);
  expect(() => quantile(sorted([1]), 1.1)).toThrow(RangeError);
});
