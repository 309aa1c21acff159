import { expect, test } from "vitest";
import { corrected } from "../../../../harness/core/comparison/decision.ts";
import { timeDifference } from "../../../../harness/core/comparison/time-difference.ts";

test("three waves against three are unknown, however far apart", () => {
  expect(timeDifference({ baseline: [1, 2, 3], arm: [101, 102, 103] })).toEqual({
    baseline: { waves: 3, median: 2 },
    arm: { waves: 3, median: 102 },
    shift: { value: 100, interval: null },
    p: null,
    smallestP: null,
    adjustedP: null,
    verdict: "unknown",
  });
});

test("four against four can differ", () => {
  const found = timeDifference({ baseline: [1, 2, 3, 4], arm: [101, 102, 103, 104] });
  expect(found.verdict).toBe("differs");
  expect(found.p).toBeCloseTo(2 / 70, 9);
  expect(found.shift).toEqual({ value: 100, interval: { low: 97, high: 103 } });
});

test("without a wave of one of them there is no shift", () => {
  expect(timeDifference({ baseline: [], arm: [1, 2, 3, 4, 5, 6] })).toMatchObject({
    baseline: { waves: 0, median: null },
    shift: null,
    verdict: "unknown",
  });
});

test("what four against four can show at best is too little where two are asked about, and is unknown", () => {
  const apart = timeDifference({ baseline: [1, 2, 3, 4], arm: [101, 102, 103, 104] });
  expect(corrected([apart]).map(({ verdict }) => verdict)).toEqual(["differs"]);
  expect(corrected([apart, apart])).toMatchObject([
    { verdict: "unknown", adjustedP: expect.closeTo(4 / 70, 9) as number },
    { verdict: "unknown" },
  ]);
  const five = timeDifference({ baseline: [1, 2, 3, 4, 5], arm: [101, 102, 103, 104, 105] });
  expect(corrected([five, five]).map(({ verdict }) => verdict)).toEqual(["differs", "differs"]);
});
