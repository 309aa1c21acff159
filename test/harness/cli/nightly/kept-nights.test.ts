import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  keepNight,
  nightOf,
  regressedRuns,
  removeOldNights,
} from "../../../../harness/cli/nightly/kept-nights.ts";
import { indexedRuns } from "../../../../harness/cli/run-index.ts";
import type { Night, Regression } from "../../../../harness/core/nightly/night.ts";
import { addNight, runOf, runsDirectory } from "../nights.ts";

const silent = (): void => undefined;

const cameTo = (night: number, regression: Regression, confirmation: number | null): Night => ({
  schema: "stress.nightly/1",
  run: runOf({ night }),
  confirmation: confirmation === null ? null : runOf({ night: confirmation }),
  simulated: false,
  ended: "completed",
  baseline: [],
  regression,
  worse: [],
  arms: [],
  again: [],
  expectations: [],
  leaks: 0,
  verdict: "holds",
  reasons: [],
});

/** Leaves a night's one or two runs in the directory. */
const made = (
  out: string,
  night: number,
  { regression = "none", again = null }: { regression?: Regression; again?: number | null } = {},
): void => {
  addNight(out, { night, failed: 0 });
  if (again !== null) addNight(out, { night: again, failed: 0 });
  keepNight(out, cameTo(night, regression, again));
};

const left = (out: string): readonly string[] =>
  indexedRuns(out, silent).map(({ run }) => run.slice(6, 8));

const remove = (out: string, keep: number, needed: readonly number[] = []) =>
  removeOldNights(out, indexedRuns(out, silent), {
    keep,
    needed: new Set(needed.map((night) => runOf({ night }))),
  }).map((run) => run.slice(6, 8));

test("the last nights are kept, each with both its runs", () => {
  const out = runsDirectory();
  made(out, 1);
  made(out, 2, { regression: "not confirmed", again: 3 });
  made(out, 4);
  made(out, 5);
  expect(remove(out, 2)).toEqual(["01", "02", "03"]);
  expect(left(out)).toEqual(["04", "05"]);
  expect(remove(out, 2)).toEqual([]);
});

test("what is needed, what regressed, and what no night made stay, however old", () => {
  const out = runsDirectory();
  made(out, 1, { regression: "confirmed", again: 2 });
  made(out, 3);
  addNight(out, { night: 4, failed: 0 });
  made(out, 5);
  made(out, 6);
  made(out, 7);
  expect(remove(out, 1, [3])).toEqual(["05", "06"]);
  expect(left(out)).toEqual(["01", "02", "03", "04", "07"]);
  expect(regressedRuns(out, indexedRuns(out, silent))).toEqual(
    new Set([runOf({ night: 1 }), runOf({ night: 2 })]),
  );
});

test("a copy under another name, a link and a directory without a journal are not removed", () => {
  const out = runsDirectory();
  made(out, 1);
  renameSync(join(out, runOf({ night: 1 })), join(out, "mine"));
  const elsewhere = runsDirectory();
  made(elsewhere, 2);
  symlinkSync(join(elsewhere, runOf({ night: 2 })), join(out, runOf({ night: 2 })));
  mkdirSync(join(out, "notes"));
  writeFileSync(join(out, "notes", "nightly.json"), "{}");
  made(out, 3);
  expect(remove(out, 1)).toEqual([]);
  expect(existsSync(join(elsewhere, runOf({ night: 2 }), "events.ndjson"))).toBe(true);
  expect(existsSync(join(out, "mine", "events.ndjson"))).toBe(true);
});

test("a run whose night cannot be read is nobody's to remove", () => {
  const out = runsDirectory();
  made(out, 1);
  made(out, 2);
  writeFileSync(join(out, runOf({ night: 1 }), "nightly.json"), "{");
  expect(nightOf(out, { directory: runOf({ night: 1 }) })).toBeNull();
  expect(remove(out, 1)).toEqual([]);
});
