import fc from "fast-check";
import { expect, test } from "vitest";
import { sweepPoints } from "../../../../harness/core/sweep/points.ts";

test.each([
  ["1..64", [1, 2, 4, 8, 16, 32, 64]],
  ["3..50", [3, 4, 8, 16, 32, 50]],
  ["1..64:16", [1, 16, 32, 48, 64]],
  ["5..20:8", [5, 8, 16, 20]],
  ["28..34:1", [28, 29, 30, 31, 32, 33, 34]],
  ["16,4,1,4", [1, 4, 16]],
  ["1..8, 30..32:1", [1, 2, 4, 8, 30, 31, 32]],
  ["7", [7]],
  ["7..7", [7]],
])("%s measures at %j", (given, points) => {
  expect(sweepPoints(given)).toEqual(points);
});

test("both ends of a range are measured, and every number lies between them", () => {
  const end = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(end, end, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const points = sweepPoints(`${String(low)}..${String(high)}`);
      expect([points[0], points.at(-1)]).toEqual([low, high]);
      expect(points).toEqual([...new Set(points)].toSorted((x, y) => x - y));
    }),
  );
});

test.each([
  ["", /"" is no number and no range/],
  ["1,,4", /"" is no number/],
  ["64..1", /64\.\.1 ends before it begins/],
  ["0..4", /from 1 to 10000/],
  ["1..20000", /from 1 to 10000/],
  ["1..64:0", /a step is at least 1/],
  ["1..9999:1", /more than 100 numbers/],
  ["1-64", /"1-64" is no number/],
  ["1..", /no number/],
])("--n %j is refused", (given, words) => {
  expect(() => sweepPoints(given)).toThrow(words);
  expect(() => sweepPoints(given)).toThrow(/^--n .*it takes 1\.\.64, 1\.\.64:8 or 1,4,16$/);
});
