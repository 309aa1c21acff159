/**
 * `stress history`, called with a shell of the test's own.
 */
import { expect, test } from "vitest";
import { historyCommand } from "../../../harness/cli/commands/history.ts";
import type { Paint } from "../../../reports/paint.ts";
import { addNight, runOf, runsDirectory } from "./nights.ts";

const same = (words: string): string => words;
const paint: Paint = { good: same, bad: same, dim: same, bold: same };

const historyIn = (
  out: string,
  { arm = null, json = false }: { arm?: string | null; json?: boolean } = {},
) => {
  let printed = "";
  const said: string[] = [];
  const code = historyCommand(
    { arm, out, json },
    { paint, print: (text) => (printed += text), say: (line) => said.push(line) },
  );
  return { code, printed, said };
};

/** Nights 1 … 8 with 0 or 1 failures, 9 … 16 with six; one night was cut off. */
const sixteenNights = (): string => {
  const out = runsDirectory();
  for (let night = 1; night <= 16; night += 1) {
    addNight(out, {
      night,
      failed: night < 9 ? night % 2 : 6,
      slowness: 1 + (night % 3) / 10,
      ...(night === 4 ? { ended: "interrupted" as const } : {}),
    });
  }
  addNight(out, { night: 17, failed: 0, engine: { version: "30.0.0", kernel: "7.1.0" } });
  return out;
};

test("the nights of an arm, the night on which it changed, and what is a machine of its own", async () => {
  const { code, printed } = historyIn(sixteenNights());
  expect(code).toBe(0);
  expect(printed).toContain(
    `the failure rate changed with the night of 2026-11-09 04:00 (${runOf({ night: 9 })}): ` +
      "7.1 % (4 of 56) before, 75 % (48 of 64) from then on (p",
  );
  await expect(printed).toMatchFileSnapshot("goldens/history.txt");
});

test("--json has every night, and where each series changed", () => {
  const { printed } = historyIn(sixteenNights(), { arm: "ports", json: true });
  const found: unknown = JSON.parse(printed);
  expect(found).toMatchObject({
    schema: "stress.history/1",
    series: [
      {
        arm: "ports",
        nights: { length: 15 },
        rateChanges: [{ at: 7, before: { failed: 4, of: 56 }, after: { failed: 48, of: 64 } }],
        burstChanges: [],
      },
      { nights: [{ run: runOf({ night: 17 }), failed: 0, of: 8, waves: 1 }] },
    ],
    leftOut: [{ run: runOf({ night: 4 }), ended: "interrupted" }],
  });
});

test("an arm that no run has is refused with those that there are", () => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0 });
  expect(() => historyIn(out, { arm: "noports/n16" })).toThrow(
    "--arm noports/n16: no finished run has such an arm; there are ports",
  );
});

test("where no run ran to its end there is nothing to show", () => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0, ended: null });
  expect(() => historyIn(out)).toThrow(/no run in \S+ ran to its end/);
});
