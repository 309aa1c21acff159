import { expect, test } from "vitest";
import { history } from "../../../harness/core/history.ts";
import { judge } from "../../../harness/core/judge.ts";
import { perProfile } from "../../../harness/core/per-profile.ts";
import { arm, journalOf, portTaken, refused, type RunScript } from "./history.ts";

const armOf = (profile: string) => ({
  ...arm("ports", 2),
  id: `${profile}/ports/n2`,
  profile,
});

const TAKEN = { 1: [refused("container.start", "mysql", portTaken(32770))] };

/** 29.6.0 does not retry, 28.5.2 does; both fail once. */
const SCRIPT: RunScript = {
  arms: [armOf("new"), armOf("old")],
  engines: { new: { version: "29.6.0" }, old: { version: "28.5.2" } },
  waves: [
    { arm: "new/ports/n2", block: 0, wrong: TAKEN },
    { arm: "new/ports/n2", block: 1, wrong: TAKEN },
    { arm: "old/ports/n2", block: 1, wrong: TAKEN },
  ],
};

test("each engine of a run has its own arms, waves and facts", () => {
  const parts = perProfile(history(journalOf(SCRIPT)));
  expect(
    parts.map(({ started, waves }) => [
      started.engine.version,
      started.arms.map(({ id }) => id),
      waves.length,
      started.waves,
    ]),
  ).toEqual([
    ["29.6.0", ["new/ports/n2"], 2, 1],
    ["28.5.2", ["old/ports/n2"], 1, 1],
  ]);
});

test("what is known of one engine's version is said of that one alone", () => {
  const { reasons } = judge(journalOf(SCRIPT));
  const known = reasons.filter((reason) => reason.includes("does not try another dynamic port"));
  expect(known).toHaveLength(1);
  expect(known[0]).toMatch(/^Engine 29\.6\.0/);
});

test("an engine that tries again by itself says that its refusals came after ten tries", () => {
  const { reasons } = judge(journalOf(SCRIPT));
  expect(reasons.filter((reason) => reason.includes("came after 10 tries"))).toEqual([
    "Engine 28.5.2 tries ten dynamic ports before it refuses a start: these refusals came after 10 tries",
  ]);
});

test("a warm-up counts in no rate and no time, and the report says so", () => {
  const { arms, warmups, reasons } = judge(journalOf(SCRIPT));
  expect(arms.map(({ jobs, waves }) => [jobs.failed, jobs.ok, waves.finished])).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ]);
  expect(warmups).toEqual({ waves: 1, failed: 1 });
  expect(reasons).toContain("1 warm-up wave was not counted, nor was 1 failed job in it");
});

test("a run without profiles is one part, as it was", () => {
  const run = history(journalOf({ arms: [arm("ports", 2)], waves: [{ arm: "ports" }] }));
  expect(perProfile(run)).toEqual([run]);
});

test("nothing that is counted over waves has a warm-up among them", () => {
  const warm = { arm: "new/ports/n2", block: 0, leaked: { networks: ["left"] } } as const;
  const counting = { arm: "new/ports/n2", block: 1 } as const;
  const script = { arms: [armOf("new")], engines: { new: {} } };
  const withWarmup = judge(journalOf({ ...script, waves: [warm, counting] }));
  expect(withWarmup.daemonLog.waves).toBe(1);
  expect(withWarmup.soak.every(({ waves }) => waves === 1)).toBe(true);
  // What it leaves behind is left behind all the same.
  expect(withWarmup.leaks).toMatchObject([{ wave: 1, what: ["network left"] }]);
  expect(withWarmup.verdict).toBe("violated");
});
