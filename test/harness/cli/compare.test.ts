/**
 * `stress compare`, called with a shell of the test's own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { compareCommand, type CompareOptions } from "../../../harness/cli/commands/compare.ts";
import { runComparisonSchema } from "../../../harness/core/comparison/compare-runs.ts";
import { StressError } from "../../../harness/core/errors.ts";
import type { Paint } from "../../../reports/paint.ts";
import { arm, journalOf } from "../core/history.ts";

const same = (words: string): string => words;
const paint: Paint = { good: same, bad: same, dim: same, bold: same };

/** A directory for runs with these in it. */
const outWith = (...ids: readonly string[]): string => {
  const out = mkdtempSync(join(tmpdir(), "stress-compare-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  for (const id of ids) {
    const events = journalOf({ arms: [arm("ports", 2)], waves: [{ arm: "ports" }] }).map((event) =>
      event.event === "run.started" ? { ...event, run: id } : event,
    );
    mkdirSync(join(out, id));
    writeFileSync(
      join(out, id, "events.ndjson"),
      events.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
  }
  return out;
};

const compared = (options: CompareOptions) => {
  let printed = "";
  const code = compareCommand(options, { paint, print: (text) => (printed += text) });
  return { code, printed };
};

test("runs are compared by their journals, and whatever differs the exit code is 0", () => {
  const { code, printed } = compared({ runs: ["a1", "b2"], out: outWith("a1", "b2"), json: false });
  expect(code).toBe(0);
  expect(printed).toContain("failure rate  a1         b2         against the first");
  expect(printed).toContain("? (n=1+1)");
});

test("--json prints the comparison and nothing else", () => {
  const { printed } = compared({ runs: ["a1", "b2"], out: outWith("a1", "b2"), json: true });
  const comparison = runComparisonSchema.parse(JSON.parse(printed));
  expect(comparison.runs.map(({ run }) => run)).toEqual(["a1", "b2"]);
});

test.each([
  [["a1", "a1"], /^run a1 was named twice/],
  [["a1", "zz"], /^there is no run "zz"/],
])("%j is refused", (runs, message) => {
  const refused = () => compared({ runs, out: outWith("a1"), json: false });
  expect(refused).toThrow(StressError);
  expect(refused).toThrow(message);
});

test("the command line takes two runs and more", async () => {
  const { command } = await readCommandLine(["compare", "a1", "b2", "c3", "--out", "x"], {});
  expect(command).toMatchObject({
    name: "compare",
    options: { runs: ["a1", "b2", "c3"], out: "x", json: false },
  });
});

test.each([
  [["compare", "a1"], /at least two runs/],
  [["compare"], /stress --help/],
])("%j is refused in one line", async (argv, message) => {
  const refused = readCommandLine(argv, {});
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toHaveProperty("exitCode", 64);
});
