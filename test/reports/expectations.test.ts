import { expect, test } from "vitest";
import type { Interim } from "../../harness/core/expectations/interim.ts";
import { cleanBound } from "../../harness/core/expectations/power.ts";
import { planOfWaves } from "../../harness/core/expectations/plan-of-waves.ts";
import type { ExpectationVerdict } from "../../harness/core/expectations/verdict.ts";
import {
  expectationsMarkdown,
  expectationsText,
  interimMarkdown,
  interimText,
} from "../../reports/expectations.ts";
import { planOfWavesJson, planOfWavesText } from "../../reports/plan-of-waves.ts";
import type { Paint } from "../../reports/paint.ts";

const same = (text: string): string => text;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const VERDICTS: readonly ExpectationVerdict[] = [
  {
    expectation: "failure_rate(noports) < 1%",
    verdict: "violated",
    confidence: 0.95,
    arms: [
      { arm: "noports/n1", verdict: "unknown", words: "0 of 3 jobs failed" },
      { arm: "noports/n16", verdict: "violated", words: "9 of 48 jobs failed: at least 8 %" },
    ],
    words: "noports/n16: 9 of 48 jobs failed: at least 8 %",
  },
  {
    expectation: "median(burst, ports) < 1.2 * baseline",
    verdict: "unknown",
    confidence: 0.95,
    arms: [],
    words: "no arm of the run is meant",
  },
];

test("the arm that decides comes first", () => {
  expect(expectationsText(VERDICTS, PLAIN)).toMatchInlineSnapshot(`
    "expectations
    VIOLATED  failure_rate(noports) < 1%
              noports/n16: 9 of 48 jobs failed: at least 8 %
              noports/n1: 0 of 3 jobs failed (unknown)
    unknown   median(burst, ports) < 1.2 * baseline
              no arm of the run is meant
    "
  `);
});

test("the report says the same, and on what it rests", () => {
  const [title, first, arms] = expectationsMarkdown(VERDICTS);
  expect(title).toBe("## Expectations");
  expect(first).toBe(String.raw`**VIOLATED**: failure_rate(noports) \< 1%`);
  expect(arms).toBe(
    "- noports/n16: 9 of 48 jobs failed: at least 8 %\n- noports/n1: 0 of 3 jobs failed (unknown)",
  );
});

test("where nothing was expected and nothing was looked at, nothing is said", () => {
  expect(expectationsText([], PLAIN)).toBe("");
  expect(expectationsMarkdown([])).toEqual([]);
  expect(interimText(null, PLAIN)).toBe("");
  expect(interimMarkdown(null)).toEqual([]);
});

const LOOK: Interim = {
  block: 4,
  blocksPlanned: 8,
  spent: 0.003,
  level: 0.002,
  decided: true,
  findings: [
    {
      about: "noports/n16 against ports/n16",
      verdict: "differs",
      decidedAfter: 4,
      words: "fails less often",
    },
  ],
  words: "after block 4 of 8: 1 of 1 question decided, 0.3 % of 5 % error spent",
};

test("the last look tells when each question was decided", () => {
  expect(interimText(LOOK, PLAIN)).toBe(
    "last look, after block 4 of 8: 1 of 1 question decided, 0.3 % of 5 % error spent\n" +
      "  noports/n16 against ports/n16: differs, block 4: fails less often\n",
  );
  expect(interimMarkdown(LOOK).slice(1, 3)).toEqual([
    "Last look, after block 4 of 8: 1 of 1 question decided, 0.3 % of 5 % error spent.",
    "- noports/n16 against ports/n16: differs, block 4: fails less often",
  ]);
});

const plan = (first: number, second: number) =>
  planOfWaves(
    { rates: { first, second }, jobs: 16, alpha: 0.05, power: 0.8 },
    { block: 60_000, blockFrom: "assumed", designEffect: 1, designEffectFrom: "assumed" },
  );

test("a plan says what it takes, how long, and what a clean run would show", () => {
  expect(planOfWavesText(plan(0.125, 0))).toMatchInlineSnapshot(`
    "to tell a failure rate of 12.5 % from 0 %, with an error of 5 %
    waves of each arm  4 of 16 jobs
    power              82.7 % (asked: 80 %)
    time               4m00s: two arms, 60.0s a block (assumed)
    design effect      1 (assumed)
    without a failure  0 of 64 jobs: the rate is at most 4.57 %, with 95 % confidence
    run it             stress run --n 16 --waves 4
    "
  `);
  expect(JSON.parse(planOfWavesJson(plan(0.125, 0)))).toMatchObject({
    schema: "stress.plan-of-waves/1",
    needed: { waves: 4, jobs: 64, duration: 240_000, cleanBound: cleanBound(64) },
  });
});

test("what is more than a run holds is several runs", () => {
  const [, runs = "", waves = ""] =
    /run it +(\d+) runs, each: stress run --n 16 --waves (\d+)\n/.exec(
      planOfWavesText(plan(0.0001, 0)),
    ) ?? [];
  expect(Number(runs)).toBeGreaterThan(1);
  // Two arms of 16 jobs, and 50,000 jobs at most.
  expect(Number(waves) * 2 * 16).toBeLessThanOrEqual(50_000);
});

test("what no run can show is said so", () => {
  expect(planOfWavesText(plan(0.001, 0.0009))).toBe(
    "to tell a failure rate of 0.1 % from 0.09 %, with an error of 5 %: more than 10,000 waves of each arm\n",
  );
});
