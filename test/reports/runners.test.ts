import { expect, test } from "vitest";
import { runnersTable, type RunnersTable } from "../../harness/core/runners/runners-table.ts";
import type { Paint } from "../../reports/paint.ts";
import { runnersMarkdown, runnersText } from "../../reports/runners.ts";
import { runOf } from "../harness/core/runners/runs.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const table = async (): Promise<RunnersTable> => {
  const run = await runOf({
    arms: [
      { mode: "ports", n: 16 },
      { mode: "ports", n: 16, runner: "cli" },
      { mode: "ports", n: 16, runner: "github" },
      { mode: "ports", n: 16, runner: "compose" },
      { mode: "noports", n: 16 },
      { mode: "noports", n: 16, runner: "gitlab" },
    ],
    request: { waves: 2 },
  });
  const found = runnersTable(run);
  if (found === null) throw new Error("no table");
  const [first, ...rest] = found.rows;
  if (first === undefined) throw new Error("no rows");
  // As where no wave came to its end.
  const nothing = {
    ...first,
    arm: "act/ports/n16",
    runner: "act",
    jobs: 0,
    failureRate: null,
    launchSkew: null,
    burst: null,
    processes: null,
    processor: null,
    perceived: null,
    ready: null,
    lag: null,
  } as const;
  const bounded = rest.map((row) =>
    row.runner === "gitlab" && row.ready !== null
      ? { ...row, ready: { ...row.ready, upperBound: true } }
      : row,
  );
  return { rows: [first, ...bounded, nothing] };
};

test("runners read as in their goldens", async () => {
  const runners = await table();
  await expect(runnersText(runners, PLAIN)).toMatchFileSnapshot("goldens/runners.text.golden");
  await expect(runnersMarkdown(runners).join("\n\n")).toMatchFileSnapshot(
    "goldens/runners.report.golden",
  );
});

test("a run without runners says nothing of them", () => {
  expect(runnersText(null, PLAIN)).toBe("");
  expect(runnersMarkdown(null)).toEqual([]);
});
