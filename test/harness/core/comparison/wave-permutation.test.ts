import fc from "fast-check";
import { expect, test } from "vitest";
import {
  wavePermutation,
  type BlockOfWaves,
} from "../../../../harness/core/comparison/wave-permutation.ts";
import { seeded } from "../../../../harness/core/random.ts";

const pOf = (blocks: readonly BlockOfWaves[]): number | null =>
  wavePermutation(blocks, seeded("test"));

const pairs = (first: readonly number[], second: readonly number[]): readonly BlockOfWaves[] =>
  first.map((failed, block) => ({ first: [failed], second: [second[block] ?? 0] }));

test("Darwin's maize has the p of Fisher's own enumeration", () => {
  // Differences in eighths of an inch: Fisher, The Design of Experiments (1935), section 21: 1,726 of 32,768.
  const differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
  const first = differences.map((each) => Math.max(0, each));
  const second = differences.map((each) => Math.max(0, -each));
  expect(pOf(pairs(first, second))).toBeCloseTo(1726 / 32_768, 9);
});

const failures = fc.integer({ min: 0, max: 6 });

test("with a wave each, the p is that of all signs of the blocks' differences", () => {
  const blocks = fc.array(fc.tuple(failures, failures), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(blocks, (given) => {
      const differences = given.map(([one, other]) => one - other);
      const observed = Math.abs(differences.reduce((a, b) => a + b, 0));
      const sums = Array.from({ length: 2 ** given.length }, (_, mask) =>
        differences.reduce((total, each, k) => total + ((mask >> k) & 1 ? each : -each), 0),
      );
      const extreme = sums.filter((each) => Math.abs(each) >= observed).length;
      const p = pOf(given.map(([one, other]) => ({ first: [one], second: [other] })));
      expect(p).toBeCloseTo(extreme / sums.length, 9);
    }),
  );
});

test("fewer than six blocks can show nothing, however large the difference", () => {
  const everything = (blocks: number) =>
    pOf(
      pairs(
        Array.from({ length: blocks }, () => 40),
        [],
      ),
    );
  expect(everything(3)).toBeCloseTo(2 / 8, 9);
  expect(everything(5)).toBeCloseTo(2 / 32, 9);
  expect(everything(6)).toBeCloseTo(2 / 64, 9);
});

test("several waves of a block are dealt among themselves: four of eight is one of seventy", () => {
  expect(pOf([{ first: [9, 8, 9, 7], second: [0, 0, 1, 0] }])).toBeCloseTo(2 / 70, 9);
});

test("a block with one arm only says nothing", () => {
  const blocks = pairs([3, 4, 5], [0, 0, 0]);
  expect(pOf([...blocks, { first: [6], second: [] }])).toBeCloseTo(pOf(blocks) ?? 0, 9);
  expect(pOf([{ first: [6], second: [] }])).toBeNull();
  expect(pOf([])).toBeNull();
});

test("what is too large to work out is drawn: the same for the same seed, and close to the truth", () => {
  // Two long runs of 200 waves: 0 … 9 failures in turn, and one more in every tenth wave of the first.
  const waves = Array.from({ length: 200 }, (_, wave) => wave % 10);
  const blocks = [{ first: waves.map((each) => (each === 0 ? each + 1 : each)), second: waves }];
  const drawn = pOf(blocks) ?? 0;
  expect(pOf(blocks)).toBe(drawn);
  // A difference of 20 between sums: 10 from the middle, of a deviation of sqrt(200 × 200 × 8.13 / 400) = 28.5.
  expect(drawn).toBeGreaterThan(0.68);
  expect(drawn).toBeLessThan(0.79);
});
