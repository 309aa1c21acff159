/**
 * The commands that look back at a run, `explain` and `repro`, called with a shell of the test's own.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { explainCommand, type ExplainOptions } from "../../../harness/cli/commands/explain.ts";
import { reproCommand } from "../../../harness/cli/commands/repro.ts";
import { StressError } from "../../../harness/core/errors.ts";
import type { Event } from "../../../harness/core/events.ts";
import { explanationSchema } from "../../../harness/core/explanation.ts";
import type { Paint } from "../../../reports/paint.ts";
import { portTaken } from "../core/history.ts";
import { portSight, recorded, refusedBy } from "../core/recorded.ts";

const same = (words: string): string => words;
const paint: Paint = { good: same, bad: same, dim: same, bold: same };

/** A directory for runs with one in it, which is the latest. */
const outWith = (events: readonly Event[]): string => {
  const out = mkdtempSync(join(tmpdir(), "stress-look-back-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  mkdirSync(join(out, "k3x9"));
  writeFileSync(
    join(out, "k3x9", "events.ndjson"),
    events.map((event) => `${JSON.stringify(event)}\n`).join(""),
  );
  symlinkSync("k3x9", join(out, "latest"));
  return out;
};

const FAILED = recorded({
  request: { modes: ["ports"], ns: [3] },
  troubles: [1, 2].map((job) => ({
    job: `w1j${String(job)}`,
    operation: "container.start",
    service: "redis",
    answer: refusedBy(portTaken(32770 + job)),
    sights: [portSight(32770 + job)],
  })),
});

const explained = (events: readonly Event[], options: Partial<ExplainOptions> = {}) => {
  let printed = "";
  const code = explainCommand(
    { run: "latest", out: outWith(events), job: null, all: false, format: "text", ...options },
    { paint, print: (text) => (printed += text) },
  );
  return { code, printed };
};

const repeated = (events: readonly Event[], job: string | null) => {
  let printed = "";
  const options = { run: "k3x9", out: outWith(events), job };
  const code = reproCommand(options, { print: (text) => (printed += text) });
  return { code, printed };
};

/** The usage error that something ends with. */
const usageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof StressError && error.code === "usage") return error.message;
    throw error;
  }
  throw new Error("it did not fail");
};

test("without a job every kind of failure has one page, and the exit code is 0", () => {
  const { code, printed } = explained(FAILED);
  expect(code).toBe(0);
  expect(printed).toMatch(/^job w1j1 of run k3x9: START_FAIL_redis/);
  expect(printed).toContain("and 1 more like it: w1j2");
  expect(explained(FAILED, { all: true }).printed).toContain("job w1j2 of run k3x9");
});

test("--json is schema stress.explanation/1, --markdown is Markdown", () => {
  const { printed } = explained(FAILED, { format: "json", job: "w1j2" });
  const { pages } = explanationSchema.parse(JSON.parse(printed));
  expect(pages.map(({ job }) => job)).toEqual(["w1j2"]);
  expect(explained(FAILED, { format: "markdown" }).printed).toMatch(/^## job w1j1 of run k3x9/);
});

test("a run without failures is explained in a line", () => {
  const clean = recorded({ request: { modes: ["ports"], ns: [3] } });
  expect(explained(clean)).toEqual({ code: 0, printed: "no job failed: 3 OK\n" });
});

test("a script goes to stdout and nothing else", () => {
  const { code, printed } = repeated(FAILED, "w1j1");
  expect(code).toBe(0);
  expect(printed).toMatch(/^#!\/usr\/bin\/env bash\n/);
});

test.each([
  [
    "a job that the run does not have",
    () => explained(FAILED, { job: "w9j9" }),
    /has no job "w9j9"; failed: w1j1, w1j2$/,
  ],
  [
    "a script without a job",
    () => repeated(FAILED, null),
    /^which job of run k3x9\? --job JOB; failed: w1j1, w1j2$/,
  ],
  [
    "a script for a job that did not fail",
    () => repeated(FAILED, "w1j3"),
    /^job w1j3 did not fail/,
  ],
  [
    "a run that there is not",
    () => explained(FAILED, { run: "other" }),
    /^there is no run "other"/,
  ],
  ["a journal that breaks off at its start", () => explained([]), /journal/],
] as const)("%s is a usage error that says what there is", (_, work, words) => {
  expect(usageOf(work)).toMatch(words);
});

test("of many failed jobs an error names a few", () => {
  const many = recorded({
    request: { modes: ["ports"], ns: [12] },
    troubles: Array.from({ length: 12 }, (_, job) => ({
      job: `w1j${String(job + 1).padStart(2, "0")}`,
      operation: "network.create",
      answer: refusedBy("all predefined address pools have been fully subnetted"),
    })),
  });
  expect(usageOf(() => repeated(many, null))).toMatch(/w1j08 and 4 more$/);
});
