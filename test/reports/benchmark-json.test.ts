import { expect, test } from "vitest";
import type { Summary } from "../../harness/core/summary.ts";
import { benchmarkJson } from "../../reports/benchmark-json.ts";
import { CLEAN, HOSTILE, KILLED, MIXED, NOTHING, saying, SIMULATED } from "./runs-to-render.ts";

const entriesOf = (summary: Summary): unknown => JSON.parse(benchmarkJson(summary));

test("each arm has its failure rate and its median burst, smaller being better", () => {
  const where = "run k3x9, engine 29.6.0, x86_64, kernel 6.18.0";
  expect(entriesOf(MIXED)).toEqual([
    {
      name: "ports: failure rate",
      unit: "%",
      value: 12.5,
      range: "5–28 %, Wilson 95 %",
      extra: `4 of 32 jobs in 2 of 2 waves; ${where}`,
    },
    {
      name: "ports: burst, median",
      unit: "s",
      value: 2.735,
      range: "2.5s–3.0s",
      extra: `2 of 2 waves; ${where}`,
    },
    {
      name: "noports: failure rate",
      unit: "%",
      value: 0,
      range: "0–11 %, Wilson 95 %",
      extra: `0 of 32 jobs in 2 of 2 waves; ${where}`,
    },
    {
      name: "noports: burst, median",
      unit: "s",
      value: 3.052,
      range: "2.9s–3.2s",
      extra: `2 of 2 waves; ${where}`,
    },
  ]);
});

test("what was not measured is left out: 0 would be the best there is", () => {
  expect(entriesOf(NOTHING)).toEqual([]);
});

test("names are the same in every run, and what differs stands beside them", () => {
  const names = (summary: Summary) =>
    [...benchmarkJson(summary).matchAll(/"name": "(.*)"/g)].map(([, name]) => name);
  expect(names(KILLED)).toEqual(names(CLEAN));
  expect(benchmarkJson(KILLED)).toContain("16 jobs in 1 of 3 waves");
});

test("a simulated run says so", () => {
  expect(benchmarkJson(SIMULATED)).toContain("SIMULATED");
});

test("nothing that a daemon says can act on a terminal", () => {
  expect(benchmarkJson(saying(HOSTILE))).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Cs}]/u);
});
