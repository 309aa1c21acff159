import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { expect, test } from "vitest";
import { nominalLevels, spentBy } from "../../../../harness/core/expectations/alpha-spending.ts";
import { seeded } from "../../../../harness/core/random.ts";

const evenly = (looks: number): readonly number[] =>
  Array.from({ length: looks }, (_, index) => (index + 1) / looks);

/**
 * Lan and DeMets's O'Brien–Fleming-type boundaries for 2.5 % one-sided, as gsDesign (`sfLDOF`) and ldbounds print them;
 * those for 5 % by an integration of our own in SciPy on a grid fifty times as fine.
 */
test.each([
  [2, 0.025, [2.963, 1.969]],
  [3, 0.025, [3.71, 2.511, 1.993]],
  [5, 0.025, [4.877, 3.357, 2.68, 2.29, 2.031]],
  [5, 0.05, [4.2292, 2.8881, 2.2981, 1.9618, 1.7397]],
])("%i looks at %f have the published boundaries", (looks, alpha, boundaries) => {
  const found = nominalLevels(evenly(looks), alpha).map((level) => -normalQuantile(level, 0, 1));
  for (const [look, boundary] of boundaries.entries())
    expect(found[look]).toBeCloseTo(boundary, 2.9);
});

test("one look is a look as any", () => {
  expect(nominalLevels([1], 0.05)).toEqual([expect.closeTo(0.05, 9)]);
});

test("almost nothing is spent early, and all at the end", () => {
  expect(spentBy(0.2, 0.025)).toBeCloseTo(5.4e-7, 8);
  expect(spentBy(1, 0.05)).toBeCloseTo(0.05, 12);
});

test("where no data could decide, the level is 0, and the last of 25 looks is not far from 5 %", () => {
  const levels = nominalLevels(evenly(25), 0.05);
  expect(levels.slice(0, 2)).toEqual([0, 0]);
  expect(levels.at(-1)).toBeGreaterThan(0.03);
  expect(levels.every((level, look) => level >= (levels[look - 1] ?? 0))).toBe(true);
});

test("a walk without drift crosses in 5 of 100", () => {
  const random = seeded("a walk");
  const normal = (): number => normalQuantile((random.next() * 2 ** 32 + 0.5) / 2 ** 32, 0, 1);
  const boundaries = nominalLevels(evenly(8), 0.05).map((level) => -normalQuantile(level, 0, 1));
  const walks = 20_000;
  let crossed = 0;
  for (let walk = 0; walk < walks; walk += 1) {
    let at = 0;
    const crosses = boundaries.some((boundary, look) => {
      at += normal();
      return at / Math.sqrt(look + 1) > boundary;
    });
    if (crosses) crossed += 1;
  }
  // Four standard errors on either side.
  expect(crossed / walks).toBeGreaterThan(0.044);
  expect(crossed / walks).toBeLessThan(0.056);
});
