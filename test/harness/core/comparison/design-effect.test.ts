import { expect, test } from "vitest";
import { designEffect } from "../../../../harness/core/comparison/design-effect.ts";
import { seeded } from "../../../../harness/core/random.ts";
import { betaBinomial, binomial } from "./draws.ts";

const waves = (failed: readonly number[], of = 16) => failed.map((each) => ({ failed: each, of }));

test("one arm has Pearson's dispersion of a binomial model", () => {
  // statsmodels 0.15.0: GLM of 5, 1, 9, 3 of 16 and 2, 0, 4, 1 of 16 has a Pearson chi-square of 16.4353.
  const [one, other] = [
    [5, 1, 9, 3],
    [2, 0, 4, 1],
  ].map((failed) => 3 * (designEffect([waves(failed)]) ?? 0));
  expect((one ?? 0) + (other ?? 0)).toBeCloseTo(16.4352911264, 9);
});

test("an arm in which nothing failed, or everything, changes nothing", () => {
  const alone = designEffect([waves([5, 1, 9, 3])]);
  expect(designEffect([waves([5, 1, 9, 3]), waves([0, 0, 0, 0])])).toBe(alone);
  expect(designEffect([waves([16, 16]), waves([5, 1, 9, 3])])).toBe(alone);
});

test("waves that fail as a whole or not at all count as one job each", () => {
  // Four jobs instead of sixty-four, with the variance of four of which the mean was estimated.
  expect(designEffect([waves([16, 0, 16, 0])])).toBeCloseTo((16 * 4) / 3, 9);
});

test.each([
  ["nothing failed", [waves([0, 0, 0])]],
  ["there is one wave each", [waves([2]), waves([0])]],
  ["there are no waves", [[], []]],
])("where %s it cannot be told", (_, arms) => {
  expect(designEffect(arms)).toBeNull();
});

test("over many waves it is 1 for independent jobs, and 1 + 15 × 0.3 where they go together by 0.3", () => {
  const random = seeded("design effect");
  const drawn = (draw: () => number) =>
    designEffect([waves(Array.from({ length: 4000 }, draw))]) ?? 0;
  const independent = drawn(() => binomial(16, 0.3, random));
  expect(Math.abs(independent - 1)).toBeLessThan(0.1);
  const together = drawn(() => betaBinomial(16, { mean: 0.3, icc: 0.3 }, random));
  expect(Math.abs(together - 5.5)).toBeLessThan(0.4);
});
