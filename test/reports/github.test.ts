import { expect, test } from "vitest";
import type { Summary } from "../../harness/core/summary.ts";
import { annotations, stepSummary } from "../../reports/github.ts";
import { markdown } from "../../reports/markdown.ts";
import {
  CLEAN,
  EXPECTED,
  HOSTILE,
  KILLED,
  MIXED,
  PROFILES,
  saying,
  SIMULATED,
  UNDECIDED,
} from "./runs-to-render.ts";

/** As the runner reads a line: kind, properties and data, with what is escaped in them restored. */
const read = (line: string) => {
  const [, kind, title = "", data = ""] = /^::([a-z]+) title=([^,]*?)::(.*)$/.exec(line) ?? [];
  const restored = (text: string): string =>
    [
      ["%0D", "\r"],
      ["%0A", "\n"],
      ["%3A", ":"],
      ["%2C", ","],
      ["%25", "%"],
    ].reduce((all, [from = "", to = ""]) => all.replaceAll(from, to), text);
  return { kind, title: restored(title), message: restored(data) };
};

const readAll = (summary: Summary) => annotations(summary).map(read);

const kinds = (summary: Summary): readonly string[] =>
  readAll(summary).map(({ kind, title }) => `${String(kind)}: ${title}`);

test("a violated run is an error for the verdict and for each kind of failure, leftovers a warning", () => {
  expect(kinds(MIXED)).toEqual([
    "error: stress: VIOLATED: 4 of 64 jobs failed; 1 wave left objects behind",
    "error: ports: 1 × READY_FAIL_redis (unknown)",
    "error: ports: 1 × READY_FAIL_redis (unknown)",
    "error: ports: 2 × START_FAIL_mysql (port.rootlesskit_addport_in_use)",
    "warning: ports: wave 1 left 2 objects behind",
  ]);
});

test("too little data is an error, a run that holds a notice", () => {
  expect(readAll(KILLED)).toMatchObject([
    { kind: "error", title: expect.stringMatching(/^stress: UNKNOWN: /) as string },
  ]);
  expect(readAll(CLEAN)).toMatchObject([
    { kind: "notice", message: expect.stringContaining("may still be up to 7.4 %") as string },
  ]);
  expect(readAll(SIMULATED)).toMatchObject([
    { title: expect.stringContaining("SIMULATED") as string },
  ]);
});

test("where something particular was expected, failures alone are warnings", () => {
  expect(kinds(EXPECTED)).toEqual([
    "warning: ports: 1 × READY_FAIL_redis (unknown)",
    "warning: ports: 1 × READY_FAIL_redis (unknown)",
    "warning: ports: 2 × START_FAIL_mysql (port.rootlesskit_addport_in_use)",
    "notice: stress: HOLDS: 1 expectation met; 4 of 64 jobs failed",
  ]);
  expect(kinds(UNDECIDED)).toContain("error: unknown: failure_rate(ports) < 50%");
  expect(kinds(PROFILES)).toContain("warning: profile pasta was skipped");
});

test("nothing that a daemon says ends its annotation or begins another", () => {
  const lines = annotations(saying(HOSTILE));
  expect(
    lines.filter((line) => !/^::(?:error|warning) title=[^:,\r\n]+::[^\r\n]*$/.test(line)),
  ).toEqual([]);
  expect(readAll(saying(HOSTILE))[1]?.message).toContain('100 % <b>"&\n::error::x\n## heading');
});

test("a message is cut where the runner would cut it", () => {
  const long = readAll(saying("x".repeat(100_000)));
  expect(Math.max(...long.map(({ message }) => message.length))).toBeLessThanOrEqual(4096);
});

test("no more than ten of a kind: the tenth says how many are not shown", () => {
  const many = MIXED.arms.slice(0, 1).flatMap((arm) => Array.from({ length: 14 }, () => arm));
  const lines = readAll({ ...MIXED, arms: many });
  const errors = lines.filter(({ kind }) => kind === "error");
  expect(errors).toHaveLength(10);
  expect(errors.at(-1)?.title).toBe("stress: 34 more");
});

test("the step's summary is the report, where there is room for it", () => {
  expect(stepSummary(MIXED, 1_000_000)).toBe(markdown(MIXED));
});

const bytes = (text: string): number => Buffer.byteLength(text);

test("what is too long is cut between lines and outside of code, and says so", () => {
  const summary = saying("```` a line of some words\n".repeat(150));
  const report = markdown(summary);
  for (let room = 0; room < bytes(report); room += 41) {
    const cut = stepSummary(summary, room);
    expect(bytes(cut)).toBeLessThanOrEqual(room);
    if (cut === "") continue;
    expect(cut).toMatch(/\n\n\*\*Cut here: [^\n]*\n$/);
    const fences = cut.split("\n").filter((line) => /^`{5,}$/.test(line));
    expect(fences.length % 2).toBe(0);
  }
  expect(stepSummary(summary, bytes(report) - 1)).toContain("a line of some words");
});
