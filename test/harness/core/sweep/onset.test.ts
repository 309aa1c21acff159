import { expect, test } from "vitest";
import { onset } from "../../../../harness/core/sweep/onset.ts";

test("failures begin between the largest clean N and the smallest with a failure", () => {
  const counts = [
    { n: 1, failed: 0, of: 3 },
    { n: 30, failed: 0, of: 90 },
    { n: 31, failed: 3, of: 93 },
    { n: 40, failed: 0, of: 120 },
  ];
  expect(onset(counts)).toMatchObject({
    first: { n: 31, rate: { failed: 3, of: 93 } },
    clean: { n: 30, rate: { failed: 0, of: 90, low: 0 } },
  });
  expect(onset(counts).clean?.rate?.high).toBeCloseTo(0.041, 3);
});

test("an N without a finished wave says nothing", () => {
  const counts = [
    { n: 8, failed: 0, of: 24 },
    { n: 16, failed: 0, of: 0 },
  ];
  expect(onset(counts)).toMatchObject({ first: null, clean: { n: 8 } });
  expect(onset([])).toEqual({ first: null, clean: null });
});

test("where jobs fail from the smallest N on, there is no clean one", () => {
  expect(onset([{ n: 2, failed: 1, of: 6 }])).toMatchObject({ first: { n: 2 }, clean: null });
});
