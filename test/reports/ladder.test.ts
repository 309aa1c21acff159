import { expect, test } from "vitest";
import { climb, climbSchema } from "../../harness/core/climb.ts";
import type { Paint } from "../../reports/paint.ts";
import { ladderJson, ladderMarkdown, ladderText } from "../../reports/ladder.ts";
import { laddered, LADDER } from "../harness/core/laddered.ts";

const same = (text: string): string => text;
const PAINT: Paint = { good: same, bad: same, dim: same, bold: same };

const FAILED = { nothing: 4, "fewer-ports": 1, loopback: 4, serialise: 4, "lock-file": 3 } as const;

const CLIMBED = climb(
  laddered({
    failed: FAILED,
    skipped: { "wide-pools": "this engine has no such\n\u001b[31mpools" },
    faults: true,
  }),
  LADDER,
);

test("the ladder reads as in its golden on a terminal", async () => {
  await expect(ladderText(CLIMBED, PAINT)).toMatchFileSnapshot("goldens/ladder.text.golden");
});

test("the ladder reads as in its golden in a report", async () => {
  await expect(ladderMarkdown(CLIMBED)).toMatchFileSnapshot("goldens/ladder.report.golden");
});

test("the JSON is what its schema says", () => {
  expect(climbSchema.parse(JSON.parse(ladderJson(CLIMBED)))).toEqual(CLIMBED);
});
