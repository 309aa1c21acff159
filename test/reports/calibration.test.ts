import { expect, test } from "vitest";
import { calibrationSchema, type Calibration } from "../../harness/core/calibration.ts";
import {
  calibrationJson,
  calibrationMarkdown,
  calibrationText,
} from "../../reports/calibration.ts";

const plain = (text: string): string => text;
const PAINT = { good: plain, bad: plain, dim: plain, bold: plain };

const HOSTILE = "dockerd\u001b[2J | <b>";

const CALIBRATION: Calibration = {
  injected: 4,
  fates: { met: 2, absorbed: 1, untouched: 1 },
  scores: { right: 1, wrong: 1, open: 0 },
  bystanders: { jobs: 900, failed: 300, accused: 1 },
  foreign: { failed: 2, ports: [61_003] },
  quiet: true,
  sensitivity: { hits: 1, of: 2, value: 0.5, low: 0.095, high: 0.905 },
  specificity: { hits: 299, of: 300, value: 0.9967, low: 0.9814, high: 0.9994 },
  causes: [
    {
      cause: "time_wait",
      sensitivity: { hits: 0, of: 1, value: 0, low: 0, high: 0.7935 },
      specificity: { hits: 300, of: 300, value: 1, low: 0.9874, high: 1 },
    },
    {
      cause: "gone",
      sensitivity: null,
      specificity: { hits: 299, of: 300, value: 0.9967, low: 0.9814, high: 0.9994 },
    },
  ],
  confusion: [
    { truth: "time_wait", attributed: "gone", cases: 1 },
    { truth: null, attributed: null, cases: 299 },
  ],
  faults: [
    {
      id: "f1",
      wave: 3,
      kind: "occupy",
      target: "port 61003",
      truth: "time_wait",
      note: HOSTILE,
      fate: "met",
      score: "wrong",
      attributed: "gone",
      sentence: "nobody held port 61003 any more",
    },
  ],
};

test("the terminal reads fates, scores, a table of causes, and what was not right", () => {
  expect(calibrationText(CALIBRATION, PAINT)).toBe(
    [
      "4 faults injected: 2 met, 1 absorbed by the daemon, 1 untouched",
      "1 of 2 attributed right, 1 wrong, 0 left open: sensitivity 50 % (10–90.5 %)",
      "of 300 failures that no fault caused, 1 was laid to one: specificity 99.7 % (98.1–99.9 %)",
      "2 failures set apart: something else held port 61003 before any fault was injected",
      "",
      "cause      sensitivity (95 %)    specificity (95 %)",
      "time_wait  0 of 1, 0 % (0–79 %)  300 of 300, 100 % (98.7–100 %)",
      "gone       –                     299 of 300, 99.7 % (98.1–99.9 %)",
      "",
      "- f1 in wave 3, port 61003 (time_wait: dockerd\\u{1b}[2J | <b>): attributed to gone: nobody held port 61003 any more",
      "",
    ].join("\n"),
  );
});

test("where the machine was not quiet, other accusations may be real and no specificity is claimed", () => {
  const text = calibrationText({ ...CALIBRATION, quiet: false, specificity: null }, PAINT);
  expect(text).toContain(
    "1 other failure attributed to causes of the same kind: these may be real",
  );
  expect(text).not.toContain("specificity 9");
});

test("where no other job failed, no specificity is claimed", () => {
  const text = calibrationText(
    { ...CALIBRATION, bystanders: { jobs: 300, failed: 0, accused: 0 }, specificity: null },
    PAINT,
  );
  expect(text).toContain("of 0 failures that no fault caused, 0 were laid to one: specificity –\n");
});

test("faults without a score claim nothing", () => {
  const nothing = calibrationText(
    {
      ...CALIBRATION,
      ...{ scores: { right: 0, wrong: 0, open: 0 }, causes: [], faults: [], quiet: false },
      bystanders: { jobs: 3, failed: 0, accused: 0 },
      foreign: { failed: 0, ports: [] },
    },
    PAINT,
  );
  expect(nothing).toBe("4 faults injected: 2 met, 1 absorbed by the daemon, 1 untouched\n");
});

test("the report has the confusion table, and no words from outside act in it", () => {
  const report = calibrationMarkdown(CALIBRATION).join("\n\n");
  expect(report).toContain("| time_wait | gone | 1 |");
  expect(report).toContain("| no fault | nothing | 299 |");
  expect(report).not.toContain("\u001b");
  expect(report).not.toContain("<b>");
});

test("the JSON has a schema and a header, and is what was scored", () => {
  const header = { run: "r", seed: "s", engine: "29.6.0", simulated: false };
  const parsed: unknown = JSON.parse(calibrationJson(header, CALIBRATION));
  expect(parsed).toMatchObject({ schema: "stress.calibration/1", ...header });
  expect(calibrationSchema.parse(parsed)).toEqual(CALIBRATION);
});
