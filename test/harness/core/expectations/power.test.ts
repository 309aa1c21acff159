import { expect, test } from "vitest";
import { rateDifference } from "../../../../harness/core/comparison/rate-difference.ts";
import {
  approximateSize,
  cleanBound,
  fisherDecides,
  powerAfter,
  powerOf,
  wavesNeeded,
} from "../../../../harness/core/expectations/power.ts";
import { fisherExact } from "../../../../harness/core/fisher.ts";
import { seeded } from "../../../../harness/core/random.ts";
import { drawn } from "./waves.ts";

/** By adding up SciPy 1.17.1's `fisher_exact` over all tables, with `binom.pmf`. */
test.each([
  [20, 0.5, 0.9, 0.7423887839],
  [30, 0.6, 0.2, 0.8508400417],
  [40, 0.4, 0.1, 0.852369039],
  [48, 0.125, 0, 0.5651292476],
  [50, 0.35, 0.15, 0.5680884872],
  [64, 0.125, 0, 0.8268547603],
  [80, 0.2, 0.05, 0.7931621236],
])(
  "Fisher's test of two groups of %i with rates %f and %f has the power",
  (size, first, second, power) => {
    expect(powerOf({ first, second }, size, fisherDecides(size, 0.05))).toBeCloseTo(power, 6);
  },
);

test("the limit for a number of failures decides as the test itself does", () => {
  for (const size of [3, 8, 13]) {
    const decides = fisherDecides(size, 0.05);
    for (let a = 0; a <= size; a += 1) {
      for (let c = 0; c <= size; c += 1) {
        const p = fisherExact({ a, b: size - a, c, d: size - c });
        expect(decides(a, c)).toBe(p < 0.05);
      }
    }
  }
});

/**
 * The formula of Casagrande, Pike and Smith is known to be within a few of the exact number of Fisher's test; the first
 * number of jobs that is enough, found one by one, against it.
 */
test.each([
  [0.5, 0.2],
  [0.3, 0.1],
  [0.2, 0.05],
  [0.125, 0],
])(
  "the jobs for %f against %f are those of Casagrande, Pike and Smith, to a tenth",
  (first, second) => {
    const rates = { first, second };
    let size = 2;
    while (powerOf(rates, size, fisherDecides(size, 0.05)) < 0.8) size += 1;
    const formula = approximateSize({ rates, alpha: 0.05, power: 0.8 });
    expect(Math.abs(size / formula - 1)).toBeLessThan(0.15);
  },
);

const design = (first: number, second: number, designEffect = 1) => ({
  rates: { first, second },
  jobs: 16,
  alpha: 0.05,
  power: 0.8,
  designEffect,
});

test("12.5 % against none takes four waves of sixteen, twice as many where two jobs are worth one", () => {
  expect(wavesNeeded(design(0.125, 0))?.waves).toBe(4);
  expect(wavesNeeded(design(0.125, 0, 2))?.waves).toBe(8);
  expect(wavesNeeded(design(0, 0.125))).toEqual(wavesNeeded(design(0.125, 0)));
});

test("the fewest waves are enough, and a few less are not", () => {
  for (const [first, second] of [
    [0.3, 0.1],
    [0.05, 0.01],
  ] as const) {
    const needed = wavesNeeded(design(first, second));
    expect(needed?.power).toBeGreaterThanOrEqual(0.8);
    expect(powerAfter(design(first, second), (needed?.waves ?? 0) - 2)).toBeLessThan(0.8);
  }
});

test("three waves are the fewest that reports decide from, and ten thousand the most that a run has", () => {
  expect(wavesNeeded(design(1, 0))?.waves).toBe(3);
  expect(wavesNeeded(design(0.001, 0.0009))).toBeNull();
});

test("what is planned is what reports then find", () => {
  const random = seeded("what is planned");
  const waves = wavesNeeded(design(0.3, 0.1))?.waves ?? 0;
  const counted = (rate: number) =>
    Array.from({ length: waves }, (_, block) => ({
      block,
      failed: drawn(random, { of: 16, rate }),
      of: 16,
    }));
  const runs = 1000;
  const found = Array.from({ length: runs }, () =>
    rateDifference({ arm: counted(0.3), baseline: counted(0.1) }),
  ).filter(({ verdict }) => verdict === "differs").length;
  // The plan knows the design effect; a report has to estimate it, and pays a little for that.
  expect(found / runs).toBeGreaterThan(0.72);
  expect(found / runs).toBeLessThan(0.9);
});

test("64 jobs without a failure leave 4.6 %", () => {
  expect(cleanBound(64)).toBeCloseTo(1 - 0.05 ** (1 / 64), 12);
});
