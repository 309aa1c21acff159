import { expect, test } from "vitest";
import type { Summary } from "../../harness/core/summary.ts";
import { openMetrics } from "../../reports/openmetrics.ts";
import {
  CLEAN,
  EXPECTED,
  HOSTILE,
  KILLED,
  MIXED,
  NOTHING,
  PROFILES,
  saying,
  SIMULATED,
} from "./runs-to-render.ts";

const RUNS: Readonly<Record<string, Summary>> = {
  clean: CLEAN,
  mixed: MIXED,
  killed: KILLED,
  nothing: NOTHING,
  simulated: SIMULATED,
  expected: EXPECTED,
  profiles: PROFILES,
  hostile: saying(HOSTILE.repeat(20)),
};

const NAME = "[a-z][a-z0-9_]*";
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`;
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.]+(?:e[+-]?\\d+)?)$`,
);

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** As OpenMetrics 1.0 orders it: families one after the other, none twice, samples once, and the end marked. */
const parsed = (text: string): readonly Family[] => {
  expect(text.endsWith("\n# EOF\n")).toBe(true);
  const families: Family[] = [];
  for (const line of text.slice(0, -"# EOF\n".length).trimEnd().split("\n")) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    const sample = SAMPLE.exec(line);
    const last = families.at(-1);
    if (help !== null) {
      expect(families.map(({ name }) => name)).not.toContain(help[1]);
      families.push({ name: help[1] ?? "", type: "gauge", samples: new Map() });
    } else if (type !== null) expect(type.slice(1)).toEqual([last?.name, last?.type]);
    else {
      expect(sample?.[1], line).toBe(last?.name);
      expect(last?.samples.has(sample?.[2] ?? "")).toBe(false);
      last?.samples.set(sample?.[2] ?? "", Number(sample?.[3]));
    }
  }
  return families;
};

const familyOf = async (summary: Summary, name: string): Promise<Record<string, number>> => {
  const family = parsed(await openMetrics(summary)).find((each) => each.name === name);
  return Object.fromEntries(family?.samples ?? []);
};

test.each(["clean", "mixed", "killed"])("a %s run reads as in its golden", async (name) => {
  const text = await openMetrics(RUNS[name] ?? CLEAN);
  await expect(text).toMatchFileSnapshot(`goldens/${name}.openmetrics.golden`);
});

test.each(Object.entries(RUNS))(
  "a %s run's text is families of samples, each named and explained, and ends with # EOF",
  async (_, summary) => {
    for (const { name, type, samples } of parsed(await openMetrics(summary))) {
      expect(type).toBe("gauge");
      expect(samples.size).toBeGreaterThan(0);
      // These suffixes belong to other types.
      expect(name).not.toMatch(/_(?:total|count|sum|bucket|created)$/);
    }
  },
);

test("times are in seconds and rates fractions, with what bounds them", async () => {
  expect(await familyOf(CLEAN, "stress_burst_seconds")).toEqual({
    'arm="ports",statistic="min"': 2.36225,
    'arm="ports",statistic="median"': 2.4865,
    'arm="ports",statistic="max"': 2.61075,
  });
  const ratio = await familyOf(MIXED, "stress_failure_ratio");
  expect(ratio['arm="ports",bound="observed"']).toBe(4 / 32);
  expect(ratio['arm="noports",bound="observed"']).toBe(0);
});

test("failures that no signature tells apart are one sample", async () => {
  expect(await familyOf(MIXED, "stress_failures")).toEqual({
    'arm="ports",label="READY_FAIL_redis",class="unknown"': 2,
    'arm="ports",label="START_FAIL_mysql",class="port.rootlesskit_addport_in_use"': 2,
  });
});

test("the verdict is a state: one of three is 1", async () => {
  expect(await familyOf(KILLED, "stress_run_verdict")).toEqual({
    'verdict="holds"': 0,
    'verdict="violated"': 0,
    'verdict="unknown"': 1,
  });
});

test("so is that on each expectation; a profile that could not be run is counted", async () => {
  const expected = await familyOf(EXPECTED, "stress_expectation");
  expect(expected['expectation="failure_rate(ports) < 50%",verdict="holds"']).toBe(1);
  expect(await familyOf(PROFILES, "stress_profile_skipped")).toEqual({
    'profile="old"': 0,
    'profile="pasta"': 1,
  });
  const [arm] = Object.keys(await familyOf(PROFILES, "stress_arm_info"));
  expect(arm).toContain('engine_version="20.10.24"');
});

test("what was not measured has no sample, and is not 0", async () => {
  expect(await familyOf(NOTHING, "stress_failure_ratio")).toEqual({});
  expect(await familyOf(NOTHING, "stress_burst_seconds")).toEqual({});
  expect(await familyOf(NOTHING, "stress_port_retries")).toEqual({});
  expect(await familyOf(NOTHING, "stress_leaked_objects")).toEqual({});
  expect(await familyOf(CLEAN, "stress_leaked_objects")).toEqual({ 'arm="ports"': 0 });
  expect(await familyOf(MIXED, "stress_port_retries")).toEqual({
    'arm="ports"': 2,
    'arm="noports"': 0,
  });
});

test("two runs do not add up in one process", async () => {
  expect(await openMetrics(MIXED)).toBe(await openMetrics(MIXED));
});

test("a simulated run says so", async () => {
  expect(await openMetrics(SIMULATED)).toContain('simulated="SIMULATED"');
});
