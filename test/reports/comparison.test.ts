import { format } from "prettier";
import { expect, test } from "vitest";
import { compareArms } from "../../harness/core/comparison/compare.ts";
import {
  compareRuns,
  runComparisonJsonSchema,
} from "../../harness/core/comparison/compare-runs.ts";
import { history, type RunHistory } from "../../harness/core/history.ts";
import { samplesOf } from "../../harness/core/samples.ts";
import { comparisonMarkdown, comparisonText } from "../../reports/comparison.ts";
import { runComparisonJson, runComparisonText } from "../../reports/run-comparison.ts";
import type { Paint } from "../../reports/paint.ts";
import { arm, journalOf, portTaken, refused } from "../harness/core/history.ts";

const same = (text: string): string => text;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const WRONG = [refused("container.start", "mysql", portTaken(32770))];

interface Told {
  readonly failed: Readonly<Record<string, readonly number[]>>;
  readonly slowness?: number;
  readonly kernel?: string;
}

/** So many failures in each wave of 16 jobs, by arm. */
const run = (id: string, { failed, slowness = 1, kernel = "6.18.0" }: Told): RunHistory => {
  const arms = Object.keys(failed).map((profile) => ({
    ...arm("ports", 16),
    id: profile,
    profile,
  }));
  const blocks = Math.max(...Object.values(failed).map(({ length }) => length));
  const waves = Array.from({ length: blocks }, (_, block) =>
    Object.entries(failed).map(([name, amounts]) => ({
      arm: name,
      slowness: slowness * (1 + block / 100),
      wrong: Object.fromEntries(
        Array.from({ length: amounts[block] ?? 0 }, (__, job) => [job + 1, WRONG]),
      ),
    })),
  ).flat();
  const told = history(journalOf({ arms, waves, engine: { kernel } }));
  return { ...told, started: { ...told.started, run: id } };
};

const NIGHT = run("night-1", { failed: { default: [5, 6, 4, 5], wide: [0, 0, 0, 0] } });
const LATER = run("night-2", {
  failed: { default: [4, 6, 5, 5], wide: [8, 9, 8, 7] },
  slowness: 2,
  kernel: "6.19.0",
});
const SHORT = run("short", { failed: { default: [2] } });

test("on the terminal each pair of arms is a sentence for its failures and one for its burst", () => {
  expect(comparisonText(compareArms(samplesOf(NIGHT)), PLAIN)).toMatchInlineSnapshot(`
    "compared
    - wide against default: fails less often: 0 % against 31.3 %, 0 of 64 against 20 of 64 in 4 waves each (p = 0.0028)
    - wide against default: burst 2.5s against 2.5s: no difference shown, equally fast (95 %: -75ms to 75ms), p = 1 (failed jobs end early: this is not speed alone)
    "
  `);
});

test("the report has the sentences, and every number behind them", async () => {
  const markdown = comparisonMarkdown(compareArms(samplesOf(NIGHT))).join("\n\n");
  await expect(`${markdown}\n`).toMatchFileSnapshot("goldens/comparison.report.golden");
});

test("one arm is compared with nothing, and nothing is said", () => {
  const alone = compareArms(samplesOf(SHORT));
  expect(comparisonText(alone, PLAIN)).toBe("");
  expect(comparisonMarkdown(alone)).toEqual([]);
});

test("runs stand side by side: what differs has its size, what does not a tilde", () => {
  expect(runComparisonText(compareRuns([NIGHT, LATER]), PLAIN)).toMatchInlineSnapshot(`
    "failure rate  night-1         night-2         against the first
    default       31.3 % (20/64)  31.3 % (20/64)  ~ (p=1 n=4+4)
    wide          0 % (0/64)      50 % (32/64)    +50 points (p=0.0012 n=4+4)

    burst    night-1           night-2           against the first
    default  2.5s (2.5s–2.6s)  5.0s (5.0s–5.1s)  ? (p=0.057 n=4+4)
    wide     2.5s (2.5s–2.6s)  5.0s (5.0s–5.1s)  ? (p=0.057 n=4+4)

    - night-2 was not made on the same as night-1: kernel: 6.18.0 and 6.19.0
    - runs have no blocks in common: what changed on the machine between them is in every difference

    ~: no difference shown. ?: too few waves to show any: a rate takes 3 of each, a time 4, and both more where a table asks about many. n: waves of the first run and of this one. p: corrected (Holm) for all that is asked in a table.
    "
  `);
});

test("too few waves are a question mark, and a missing arm a dash", () => {
  expect(runComparisonText(compareRuns([NIGHT, SHORT]), PLAIN)).toMatchInlineSnapshot(`
    "failure rate  night-1         short          against the first
    default       31.3 % (20/64)  12.5 % (2/16)  ? (n=4+1)
    wide          0 % (0/64)      –              –

    burst    night-1           short  against the first
    default  2.5s (2.5s–2.6s)  2.5s   ? (n=4+1)
    wide     2.5s (2.5s–2.6s)  –      –

    - runs have no blocks in common: what changed on the machine between them is in every difference

    ~: no difference shown. ?: too few waves to show any: a rate takes 3 of each, a time 4, and both more where a table asks about many. n: waves of the first run and of this one. p: corrected (Holm) for all that is asked in a table.
    "
  `);
});

test("the JSON is the comparison, and a schema of it is committed", async () => {
  const comparison = compareRuns([NIGHT, LATER]);
  expect(JSON.parse(runComparisonJson(comparison))).toEqual(comparison);
  const schema = await format(JSON.stringify(runComparisonJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../reports/comparison.schema.json");
});
