import { expect, test } from "vitest";
import { explain } from "../../../../harness/core/explanation.ts";
import { history } from "../../../../harness/core/history.ts";
import { judge } from "../../../../harness/core/judge.ts";
import type { Answer } from "../../../../harness/core/model.ts";
import {
  runnersTable,
  runnersTableSchema,
  type RunnerRow,
} from "../../../../harness/core/runners/runners-table.ts";
import { WAYS } from "./jobs.ts";
import { eventsOf, runOf, usual, type RunnersRun } from "./runs.ts";

const rowsOf = async (run: RunnersRun): Promise<readonly RunnerRow[]> =>
  runnersTable(await runOf(run))?.rows ?? [];

const rowOf = async (run: RunnersRun): Promise<RunnerRow> => {
  const rows = await rowsOf(run);
  const row = rows.at(-1);
  if (row === undefined) throw new Error("no row");
  return row;
};

test("a run without a runner has no table", async () => {
  expect(runnersTable(await runOf({ arms: [{ mode: "ports", n: 1 }] }))).toBeNull();
  const named = await runOf({ arms: [{ mode: "ports", n: 1, runner: "api" }] });
  expect(runnersTable(named)).toBeNull();
});

test.each(WAYS.filter(({ runner }) => runner !== "api"))(
  "a run of $runner in mode $mode is judged whole, and its table is JSON all through",
  async (way) => {
    const events = await eventsOf({ arms: [{ ...way, n: 2 }] });
    const summary = judge(events);
    expect(summary).toMatchObject({ verdict: "holds", leaks: [] });
    expect(summary.arms[0]?.jobs).toEqual({ ok: 2, failed: 0, unfinished: 0 });
    const table = runnersTable(history(events));
    expect(runnersTableSchema.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
    const [page] = explain(history(events), { job: "w1j1" }).pages;
    expect(page?.asked.every(({ command, words }) => command !== null || words !== "")).toBe(true);
  },
);

test.each([
  // Twenty processes of 50 ms, then 14 s of health; the services took 2.4 s of them.
  [{ runner: "github", mode: "ports" }, 1000 + 14_000, 1000 + 2400, 14_000 - 2400],
  // Ten processes, and no wait: 2.4 s too early.
  [{ runner: "cli", mode: "ports" }, 500, 500 + 2400, -2400],
  [{ runner: "compose", mode: "ports" }, 6000, 2400, 6000 - 2400],
  [{ runner: "testcontainers", mode: "ports" }, 6000, 2400, 6000 - 2400],
  // Ten calls, two for the waiting containers, and their wait; three more before the build looks.
  [{ runner: "gitlab", mode: "noports" }, 120 + 2400, 120 + 2400 + 30 + 2400, -30 - 2400],
] as const)("%j goes on at %i ms, is ready at %i ms, and lags by %i ms", async (arm, ...times) => {
  const { perceived, ready, lag } = await rowOf({ arms: [{ ...arm, n: 1 }] });
  expect([perceived, ready?.after, lag]).toEqual(times);
});

test("our own calls wait by our own probes, so that nothing lags", async () => {
  const [api] = await rowsOf({
    arms: [
      { mode: "noports", n: 1 },
      { mode: "noports", n: 1, runner: "gitlab" },
    ],
  });
  expect(api).toMatchObject({ runner: "api", lag: 0, processes: { up: 0, down: 0 } });
  expect(api?.perceived).toBe(api?.ready?.after);
});

test("what answered our first probe may have been ready before", async () => {
  const at = (attempts: number) => ({
    arms: [{ mode: "noports", n: 2, runner: "gitlab" }] as const,
    answer: (operation: Parameters<typeof usual>[0]) =>
      operation.kind === "ready"
        ? { answer: { kind: "done", attempts } as const, after: 10 }
        : usual(operation),
  });
  expect((await rowOf(at(1))).ready?.upperBound).toBe(true);
  expect((await rowOf(at(2))).ready?.upperBound).toBe(false);
});

test("processes are those of the plan and the polls that were made", async () => {
  // Twenty, and four polls of the first service and one of each other.
  const github = await rowOf({ arms: [{ mode: "ports", n: 2, runner: "github" }] });
  expect(github.processes).toEqual({ up: 26, down: 7 });
  // Polled by calls.
  const act = await rowOf({ arms: [{ mode: "ports", n: 2, runner: "act" }] });
  expect(act.processes).toEqual({ up: 0, down: 0 });
});

test("a runner stands beside our own calls of its mode and number, and no others", async () => {
  const rows = await rowsOf({
    arms: [
      { mode: "ports", n: 2 },
      { mode: "ports", n: 4 },
      { mode: "ports", n: 2, runner: "github" },
      { mode: "noports", n: 2, runner: "gitlab" },
    ],
  });
  expect(rows.map(({ arm, besideApi }) => [arm, besideApi?.arm ?? null])).toEqual([
    ["ports/n2", null],
    ["ports/n4", null],
    ["github/ports/n2", "ports/n2"],
    ["gitlab/noports/n2", null],
  ]);
  const [api, , github] = rows;
  // Sixteen calls of 2 ms; twenty processes of 25 ms and seven steps of 2 ms.
  expect(api?.processor?.median).toBe(32);
  expect(github?.processor?.median).toBe(514);
  expect(github?.besideApi?.processor).toBe(514 / 32);
});

test("jobs that failed count in the rate and in no time", async () => {
  const refused: Answer = { kind: "refused", by: "daemon", status: 500, message: "no" };
  const row = await rowOf({
    arms: [{ mode: "ports", n: 2, runner: "github" }],
    answer: (operation) =>
      operation.kind === "container.start" && operation.container.endsWith("w1j1-redis")
        ? { answer: refused, after: 10 }
        : usual(operation),
  });
  expect(row.failureRate).toMatchObject({ failed: 1, of: 2 });
  expect(row.perceived).toBe(15_000);
});

test("a warm-up is in no row", async () => {
  const row = await rowOf({
    arms: [{ mode: "ports", n: 2, runner: "cli" }],
    request: { warmups: 1, waves: 2 },
  });
  expect(row.jobs).toBe(4);
});

test("what a runner only warns of fails no job", async () => {
  const refused: Answer = { kind: "refused", by: "daemon", status: 500, message: "no" };
  const events = await eventsOf({
    arms: [{ mode: "noports", n: 1, runner: "gitlab" }],
    answer: (operation) =>
      operation.kind === "container.wait" ? { answer: refused, after: 10 } : usual(operation),
  });
  expect(judge(events).arms[0]?.jobs).toEqual({ ok: 1, failed: 0, unfinished: 0 });
});
