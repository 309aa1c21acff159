import { expect, test } from "vitest";
import type { Summary } from "../../harness/core/summary.ts";
import { junit } from "../../reports/junit.ts";
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
  UNDECIDED,
} from "./runs-to-render.ts";
import { parseXml, type Element } from "./xml.ts";

const RUNS: Readonly<Record<string, Summary>> = {
  clean: CLEAN,
  mixed: MIXED,
  killed: KILLED,
  nothing: NOTHING,
  simulated: SIMULATED,
  expected: EXPECTED,
  undecided: UNDECIDED,
  profiles: PROFILES,
  hostile: saying(HOSTILE.repeat(20)),
};

const suitesOf = (summary: Summary): readonly Element[] => parseXml(junit(summary)).children;

const casesOf = (suite: Element): readonly Element[] =>
  suite.children.filter(({ name }) => name === "testcase");

/** `passed`, or the name of the element that says otherwise. */
const stateOf = ({ children }: Element): string =>
  children.find(({ name }) => ["failure", "error", "skipped"].includes(name))?.name ?? "passed";

const states = (summary: Summary): readonly string[] =>
  suitesOf(summary).flatMap((suite) =>
    casesOf(suite).map(
      (made) =>
        `${String(suite.attributes["name"])} / ${String(made.attributes["name"])}: ${stateOf(made)}`,
    ),
  );

const found = (summary: Summary, state: string): readonly Element[] =>
  suitesOf(summary)
    .flatMap(casesOf)
    .flatMap(({ children }) => children.filter(({ name }) => name === state));

test.each(["clean", "mixed", "killed"])("a %s run reads as in its golden", async (name) => {
  const summary = RUNS[name] ?? CLEAN;
  await expect(junit(summary)).toMatchFileSnapshot(`goldens/${name}.junit.golden`);
});

test.each(Object.entries(RUNS))(
  "of a %s run, counts are those of the cases, and elements stand where Ant's schema has them",
  (_, summary) => {
    const root = parseXml(junit(summary));
    expect(root.name).toBe("testsuites");
    for (const suite of root.children) {
      const cases = casesOf(suite);
      const all = cases.map(stateOf);
      expect(suite.attributes).toMatchObject({
        tests: String(cases.length),
        failures: String(all.filter((state) => state === "failure").length),
        errors: String(all.filter((state) => state === "error").length),
        skipped: String(all.filter((state) => state === "skipped").length),
        timestamp: "2026-11-21T04:00:00",
      });
      expect(suite.children.map(({ name }) => name).join(" ")).toMatch(
        /^(?:properties )?testcase(?: testcase)*$/,
      );
      for (const each of cases) {
        expect(each.attributes["classname"]).toMatch(/^stress\.[^.]+$/);
        expect(each.children.map(({ name }) => name).join(" ")).toMatch(
          /^(?:failure|error|skipped)?(?: ?system-out)?$/,
        );
      }
    }
  },
);

test("names are those of claims, once each: GitLab passes over a second case of the same name", () => {
  expect(states(MIXED)).toEqual([
    "run / verdict: failure",
    "ports / every job is OK: failure",
    "ports / READY_FAIL_redis (unknown): failure",
    "ports / START_FAIL_mysql (port.rootlesskit_addport_in_use): failure",
    "ports / nothing is left behind: failure",
    "noports / every job is OK: passed",
    "noports / nothing is left behind: passed",
  ]);
});

test("what nothing is known of is an error, never passed and never skipped", () => {
  expect(states(KILLED)).toEqual([
    "run / verdict: error",
    "ports / every job is OK: error",
    "ports / nothing is left behind: error",
  ]);
  expect(new Set(suitesOf(NOTHING).flatMap(casesOf).map(stateOf))).toEqual(new Set(["error"]));
});

test("a run has a case that is wrong if, and only if, it does not hold", () => {
  for (const summary of Object.values(RUNS)) {
    const all = suitesOf(summary).flatMap(casesOf).map(stateOf);
    const wrong = all.some((state) => state === "failure" || state === "error");
    expect(wrong).toBe(summary.verdict !== "holds");
  }
});

test("where something particular was expected, that is judged, and failures stand beside it", () => {
  expect(states(EXPECTED)).toEqual([
    "run / verdict: passed",
    "expectations / failure_rate(ports) < 50%: passed",
    "ports / every job is OK: skipped",
    "ports / READY_FAIL_redis (unknown): skipped",
    "ports / START_FAIL_mysql (port.rootlesskit_addport_in_use): skipped",
    "ports / nothing is left behind: passed",
    "noports / every job is OK: passed",
    "noports / nothing is left behind: passed",
  ]);
  expect(states(UNDECIDED)).toContain("expectations / failure_rate(ports) < 50%: error");
});

test("a profile that could not be run is skipped, and its reason is told; an arm has its own engine", () => {
  expect(states(PROFILES)).toContain("skipped profiles / pasta: skipped");
  expect(junit(PROFILES)).toContain("there is no pasta here");
  expect(junit(PROFILES)).toContain('<property name="engine" value="20.10.24"/>');
});

test("the words of a failure stand in the element's text, what XML lacks as its code", () => {
  const [, text] = found(saying(HOSTILE), "failure").map((each) => each.text);
  expect(text).toContain("1 × START_FAIL_redis");
  const words = found(saying(HOSTILE), "failure").find((each) => each.text.includes("heading"));
  expect(words?.text).toContain('\\u{1b}[2J\\u{0}]] >]] > \ufffd\\u{d800} 100 % <b>"&\n::error::x');
});

test("a message of 100 kB is cut, and that is said", () => {
  const long = junit(saying(`first ${"x".repeat(100_000)} last`));
  expect(long.length).toBeLessThan(20_000);
  expect(long).toContain("first x");
  expect(long).toContain("x last\n[cut: 100011 characters in all, whole in summary.json]");
});

test("a simulated run says so", () => {
  expect(junit(SIMULATED)).toContain("SIMULATED");
});
