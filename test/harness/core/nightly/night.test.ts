import { expect, test } from "vitest";
import { history } from "../../../../harness/core/history.ts";
import { lastNights, unfit } from "../../../../harness/core/nightly/baseline.ts";
import { nightVerdict, type Night } from "../../../../harness/core/nightly/night.ts";
import { runRecord, type RunRecord } from "../../../../harness/core/run-record.ts";
import { nightJournal, runOf, type NightScript } from "../../cli/nights.ts";

const record = (script: Partial<NightScript> & { readonly night: number }): RunRecord => {
  const run = history(nightJournal({ failed: 0, jobs: 2, ...script }));
  return runRecord(run, { tool: "0.1.0", directory: run.started.run, journalBytes: 1 });
};

const tonight = record({ night: 20 });

test.each([
  [{}, null],
  [{ ended: "interrupted" as const }, /did not run to its end \(interrupted\)/],
  [{ ended: null }, /did not run to its end \(killed\)/],
  [{ engine: { simulated: true } }, /was simulated/],
  [{ engine: { kernel: "7.0.0" } }, /fingerprint is another/],
  [{ command: ["run", "--nemesis", "occupy:1"] }, /other trouble/],
  [{ jobs: 3 }, null],
])("a run is a baseline, or why it is none: case %#", (script, why) => {
  const found = unfit(record({ night: 1, ...script }), tonight);
  if (why === null) expect(found).toBeNull();
  else expect(found).toMatch(why);
});

test("the baseline is the last nights before tonight that are fit and without a confirmed regression", () => {
  const records = [
    record({ night: 1 }),
    record({ night: 2, ended: "engine-lost" }),
    record({ night: 3 }),
    record({ night: 4 }),
    record({ night: 5, engine: { version: "30.0.0" } }),
    record({ night: 6 }),
    tonight,
    record({ night: 21 }),
  ];
  const regressed = new Set([runOf({ night: 4 })]);
  expect(lastNights(records, tonight, { nights: 2, regressed }).map(({ run }) => run)).toEqual([
    runOf({ night: 3 }),
    runOf({ night: 6 }),
  ]);
});

const expected = (verdict: "holds" | "violated" | "unknown"): Night["expectations"][number] => ({
  expectation: "failure_rate(*) < 1%",
  ...{ verdict, confidence: 0.95, arms: [], words: "" },
});
const [holds, violated, open] = [expected("holds"), expected("violated"), expected("unknown")];
const clean = { ended: "completed", leaks: 0, expectations: [] } as const;

test.each([
  [{ ...clean, regression: "none" as const }, "holds"],
  [{ ...clean, regression: "not confirmed" as const }, "holds"],
  [{ ...clean, regression: "confirmed" as const, expectations: [holds] }, "violated"],
  [{ ...clean, regression: "suspected" as const, expectations: [holds] }, "unknown"],
  // The first night: nothing to compare with.
  [{ ...clean, regression: "unknown" as const }, "unknown"],
  [{ ...clean, regression: "unknown" as const, expectations: [holds] }, "holds"],
  [{ ...clean, regression: "unknown" as const, expectations: [violated] }, "violated"],
  [{ ...clean, regression: "none" as const, expectations: [holds, open] }, "unknown"],
  [{ ...clean, regression: "none" as const, leaks: 1 }, "violated"],
  [{ ...clean, regression: "none" as const, ended: "interrupted" as const }, "unknown"],
])("what decides a night: case %#", (grounds, verdict) => {
  expect(nightVerdict({ ...grounds, expectations: [...grounds.expectations] })).toBe(verdict);
});
