/**
 * Every runner on a real engine: its calls, what it perceived, and the services it was started for.
 */
import { expect, test } from "vitest";
import { RUNNERS } from "../../harness/core/runners/runner-names.ts";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

/** Redis alone: what is tried is whose calls make a stack, not what is in it. */
const run = async (mode: "ports" | "noports", runners: readonly string[]) => {
  const finished = await runStress([
    ...["run", "--engine", "managed", "--n", "2", "--waves", "1", "--warmup", "0"],
    ...["--mode", mode, "--runner", runners.join(","), "--services", "redis"],
    ...["--timeout", "120", "--json", "--out", outDirectory()],
  ]);
  return { ...finished, summary: summaryOf(finished) };
};

const PUBLISHING = ["api", "cli", "github", "act", "compose", "testcontainers"];
const BY_NAME = ["api", "github-container", "gitlab"];

test("no runner is left out", () => {
  expect([...new Set([...PUBLISHING, ...BY_NAME])].toSorted()).toEqual(RUNNERS.toSorted());
});

test("with published ports each runner's jobs are ready and their own, nothing is left, and processes cost time", async () => {
  const { summary, stderr, code } = await run("ports", PUBLISHING);
  expect({ code, verdict: summary.verdict, leaks: summary.leaks }, stderr).toEqual({
    code: 0,
    verdict: "holds",
    leaks: [],
  });
  const rows = summary.runners?.rows ?? [];
  expect(rows.map(({ runner }) => runner)).toEqual(PUBLISHING);
  expect(rows.map(({ jobs, failureRate }) => [jobs, failureRate?.failed])).toEqual(
    PUBLISHING.map(() => [2, 0]),
  );
  const row = (runner: string) => {
    const found = rows.find((each) => each.runner === runner);
    if (found === undefined) throw new Error(`no row of ${runner}`);
    return found;
  };
  // One service: 5 + 5 and a poll or more up; logs, rm and network rm down.
  expect(row("github").processes?.up).toBeGreaterThanOrEqual(11);
  expect(row("github").processes?.down).toBe(3);
  expect(row("api").processes).toEqual({ up: 0, down: 0 });
  for (const runner of ["cli", "github", "compose", "testcontainers"]) {
    expect(row(runner).besideApi?.processor, runner).toBeGreaterThan(1);
  }
  // Health is first asked for when the check cannot have passed, and then not before two seconds.
  expect(row("github").lag).toBeGreaterThan(0);
  expect(row("github").perceived).toBeGreaterThan(row("github").ready?.after ?? Infinity);
}, 600_000);

test("without published ports the runners that use services by name find their own", async () => {
  const { summary, stderr, code } = await run("noports", BY_NAME);
  expect({ code, verdict: summary.verdict, leaks: summary.leaks }, stderr).toEqual({
    code: 0,
    verdict: "holds",
    leaks: [],
  });
  const rows = summary.runners?.rows ?? [];
  expect(rows.map(({ runner, jobs }) => [runner, jobs])).toEqual(BY_NAME.map((name) => [name, 2]));
  // The build's container is the first that looks.
  expect(rows.find(({ runner }) => runner === "gitlab")?.ready?.upperBound).toBe(true);
}, 600_000);
