import { expect, test } from "vitest";
import { corrected } from "../../../../harness/core/comparison/decision.ts";
import {
  deciding,
  newcombe,
  rateDifference,
  wavesToTell,
  type TwoArms,
} from "../../../../harness/core/comparison/rate-difference.ts";
import { seeded } from "../../../../harness/core/random.ts";
import { betaBinomial } from "./draws.ts";

/** A wave of each arm in every block. */
const arms = (arm: readonly number[], baseline: readonly number[], of = 16): TwoArms => {
  const waves = (failed: readonly number[]) =>
    failed.map((each, index) => ({ failed: each, of, block: index + 1 }));
  return { arm: waves(arm), baseline: waves(baseline) };
};

test("10 of 40 in each of three waves against none is a difference", () => {
  const found = rateDifference(arms([10, 10, 10], [0, 0, 0], 40));
  expect(found.verdict).toBe("differs");
  // Pearson's X² is 34.2857; as F with 1 and 4 degrees of freedom (scipy.stats.f.sf, SciPy 1.17.1).
  expect(found.p).toBeCloseTo(0.0042449, 6);
  expect(found.exactP).toBeLessThan(1e-8);
  expect(found.waveP).toBeCloseTo(0.25, 9);
  expect(found.difference?.low).toBeGreaterThan(0);
});

test("the same failures in one wave of three are none", () => {
  const found = rateDifference(arms([30, 0, 0], [0, 0, 0], 40));
  expect(found.verdict).toBe("no difference shown");
  expect(found.exactP).toBeLessThan(1e-8);
  expect(found.designEffect).toBeGreaterThan(20);
  expect(found.difference?.low).toBeLessThan(0);
});

test("2 of 16 against 0 of 16 from one wave each is unknown, neither different nor equal", () => {
  const found = rateDifference(arms([2], [0]));
  expect(found).toMatchObject({
    verdict: "unknown",
    p: null,
    adjustedP: null,
    difference: null,
    designEffect: null,
    wavesToTell: 5,
  });
  expect(found.exactP).toBeCloseTo(0.4838709677, 9);
});

test.each([
  ["all against none, from two waves each", arms([16, 16], [0, 0])],
  ["no waves", arms([], [])],
  ["an arm without waves", arms([1, 2, 3], [])],
  ["three jobs against three, which cannot differ", arms([1, 1, 1], [0, 0, 0], 1)],
])("%s is unknown", (_, given) => {
  expect(rateDifference(given)).toMatchObject({ verdict: "unknown", p: null });
});

test("nothing in three waves each shows no difference, and says how large one may be", () => {
  const found = rateDifference(arms([0, 0, 0], [0, 0, 0]));
  expect(found).toMatchObject({ verdict: "no difference shown", p: 1, wavesToTell: null });
  expect(found.difference?.value).toBe(0);
  expect(found.difference?.high).toBeGreaterThan(0.05);
});

test("an arm against its baseline and the baseline against the arm have the same p", () => {
  const [there, back] = [arms([5, 1, 9, 3], [2, 0, 4, 1]), arms([2, 0, 4, 1], [5, 1, 9, 3])].map(
    rateDifference,
  );
  expect(back?.p).toBeCloseTo(there?.p ?? 0, 12);
  expect(back?.difference?.value).toBeCloseTo(-(there?.difference?.value ?? 0), 12);
  expect(back?.difference?.low).toBeCloseTo(-(there?.difference?.high ?? 0), 12);
});

test("the p is that of the quasi-binomial F test, worked out by hand", () => {
  // 18 and 7 of 64. Between the waves: (35 + 8.75) / 16. If independent: 3 × 0.2021 + 3 × 0.0974, so 3.0427 times.
  // The score: (18 − 7) / 64 / sqrt(3.0427 × 0.1953 × 0.8047 × 2 / 64) = 1.40599, with 6 degrees of freedom.
  const found = rateDifference(arms([5, 1, 9, 3], [2, 0, 4, 1]));
  expect(found.designEffect).toBeCloseTo(3.04265145, 7);
  // 2 × scipy.stats.t.sf(1.405992327, 6), SciPy 1.17.1
  expect(found.p).toBeCloseTo(0.2093421755, 8);
});

test.each([
  // Newcombe 1998, table II, method 10.
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [6, 7, 2, 7, 0.0582, 0.8062],
  [5, 56, 0, 29, -0.0381, 0.1926],
  [0, 10, 0, 20, -0.1611, 0.2775],
  [10, 10, 0, 20, 0.6791, 1],
])("%i of %i less %i of %i has Newcombe's interval", (a, m, b, n, low, high) => {
  const found = newcombe({ failed: a, of: m }, { failed: b, of: n }, 1.959963985);
  expect(found.low).toBeCloseTo(low, 4);
  expect(found.high).toBeCloseTo(high, 4);
});

const RUNS = 2000;

/** Five in a hundred, and what chance adds to so many runs in 999 of 1,000 cases: 3.09 × sqrt(0.05 × 0.95 × 2000). */
const MOST_FALSE_ALARMS = 0.05 * RUNS + 3.09 * Math.sqrt(0.05 * 0.95 * RUNS);

const alarms = (
  draw: () => number,
  blocks: number,
): { readonly decided: number; readonly exact: number } => {
  let [called, exact] = [0, 0];
  const waves = (): readonly number[] => Array.from({ length: blocks }, draw);
  for (let run = 0; run < RUNS; run += 1) {
    const found = deciding(arms(waves(), waves()));
    if (found.decision.verdict === "differs") called += 1;
    if (found.exact.p < 0.05) exact += 1;
  }
  return { decided: called, exact };
};

const CASES = [3, 6, 12].flatMap((blocks) =>
  [
    [0.3, "0"],
    [0.3, "0.1"],
    [0.5, "0.3"],
  ].map(([mean, icc]) => [blocks, Number(mean), String(icc)] as const),
);

test.each(CASES)(
  "of 2,000 runs of %i blocks with equal arms, at a rate of %f and a correlation of %s, one in twenty is called different",
  (blocks, mean, correlation) => {
    const icc = Number(correlation);
    const random = seeded(`equal arms ${String(blocks)} ${String(mean)} ${correlation}`);
    const { decided: called, exact } = alarms(
      () => betaBinomial(16, { mean, icc }, random),
      blocks,
    );
    expect(called).toBeLessThanOrEqual(MOST_FALSE_ALARMS);
    // The exact test alone would not do.
    if (icc === 0.3) expect(exact).toBeGreaterThan(0.2 * RUNS);
  },
);

test("of 2,000 runs with four equal arms, one in twenty calls a pair different", () => {
  const random = seeded("four equal arms");
  const waves = () =>
    Array.from({ length: 6 }, () => betaBinomial(16, { mean: 0.3, icc: 0.1 }, random));
  let alarmed = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const baseline = waves();
    const found = [1, 2, 3].map(() => deciding(arms(waves(), baseline)).decision);
    if (corrected(found).some(({ verdict }) => verdict === "differs")) alarmed += 1;
  }
  expect(alarmed).toBeLessThanOrEqual(MOST_FALSE_ALARMS);
});

test.each([
  { from: 0, to: 0.125, jobs: 16 },
  { from: 0, to: 0.25, jobs: 16 },
  { from: 0.25, to: 0.5, jobs: 40 },
])("the waves that $to against $from is said to take find it in about 80 of 100 runs", (rates) => {
  const waves = wavesToTell({ ...rates, designEffect: 1 }) ?? 0;
  const random = seeded("power");
  const drawn = (mean: number) =>
    Array.from({ length: waves }, () => betaBinomial(rates.jobs, { mean, icc: 0 }, random));
  const found = Array.from({ length: 500 }, () =>
    deciding(arms(drawn(rates.to), drawn(rates.from), rates.jobs)),
  );
  const called = found.filter(({ decision }) => decision.verdict === "differs");
  const share = called.length / found.length;
  expect(share).toBeGreaterThan(0.7);
});

test("equal rates can never be told apart, and nearly equal ones not by anybody", () => {
  expect(wavesToTell({ from: 0.1, to: 0.1, jobs: 16, designEffect: 1 })).toBeNull();
  expect(wavesToTell({ from: 0.1, to: 0.1001, jobs: 16, designEffect: 1 })).toBeNull();
});
