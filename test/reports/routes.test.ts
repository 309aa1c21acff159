import { expect, test } from "vitest";
import { history } from "../../harness/core/history.ts";
import { routesTable } from "../../harness/core/routes/routes-table.ts";
import { routesMarkdown, routesText } from "../../reports/routes.ts";
import { MOVED, routesRun, STAYED, tableOf } from "../harness/core/routes/routes-run.ts";

const PLAIN = {
  good: (text: string) => text,
  bad: (text: string) => text,
  dim: (text: string) => text,
  bold: (text: string) => text,
};

const TABLE = routesTable(
  history(
    routesRun(
      {
        app_stage: MOVED,
        BACK_FRONT: STAYED,
        "internal-back": { ...STAYED, before: tableOf(1, null), after: tableOf(2, 1) },
        "gateway-priority": MOVED,
        reversed: STAYED,
        "one-network": { ...STAYED, after: tableOf(1, 0) },
      },
      { version: "28.5.2", apiVersion: "1.51" },
    ),
  ),
);

test("the terminal shows the arms side by side, and then a sentence for each", async () => {
  await expect(routesText(TABLE, PLAIN)).toMatchFileSnapshot("goldens/routes.text.golden");
});

test("the report has the same as a section", async () => {
  await expect(routesMarkdown(TABLE).join("\n\n")).toMatchFileSnapshot(
    "goldens/routes.report.golden",
  );
});

test("nothing is said where nothing of this was measured", () => {
  expect(routesText(null, PLAIN)).toBe("");
  expect(routesMarkdown(null)).toEqual([]);
  expect(routesText({ watchFor: 5000, rows: [] }, PLAIN)).toBe("");
});
