/**
 * 2,000 runs of equal arms from their journals on, as `stress run` judges them: no engine, but half a minute.
 */
import { expect, test } from "vitest";
import { falseAlarms, mostFalseAlarms } from "../harness/core/comparison/equal-arms.ts";

const RUNS = 2000;

test.each([
  ["independent jobs", { blocks: 4, mean: 0.3, icc: 0 }],
  ["jobs that go together", { blocks: 4, mean: 0.5, icc: 0.3 }],
])("of 2,000 runs with equal arms and %s, one in twenty is called different", (_, luck) => {
  const { failures, bursts } = falseAlarms(RUNS, luck);
  expect(failures).toBeLessThanOrEqual(mostFalseAlarms(RUNS));
  expect(bursts).toBeLessThanOrEqual(mostFalseAlarms(RUNS));
  // A test that never calls anything different would keep the promise too.
  expect(failures + bursts).toBeGreaterThan(0);
});
