import { expect, test } from "vitest";
import { history } from "../../../../harness/core/history.ts";
import { judge } from "../../../../harness/core/judge.ts";
import { routesTable, routesTableSchema } from "../../../../harness/core/routes/routes-table.ts";
import { recorded } from "../recorded.ts";
import { MOVED, routesRun, STAYED, tableOf, trafficOf, type Shown } from "./routes-run.ts";

const ENGINE = { version: "28.5.2", apiVersion: "1.51" };

const rowsOf = (shown: Readonly<Record<string, Shown>>, engine = ENGINE) =>
  routesTable(history(routesRun(shown, engine)))?.rows ?? [];

test("an arm shows who gave the gateway before and after, by which rule, and what died of it", () => {
  const [row] = rowsOf({ app_stage: MOVED });
  expect(row).toMatchObject({
    arm: "app_stage/n2",
    variant: "app_stage",
    engine: "28.5.2",
    before: [{ network: "app_stage_internal", address: "172.18.0.1", interface: "eth0", jobs: 2 }],
    after: [{ network: "app_stage", address: "172.19.0.1", interface: "eth1", jobs: 2 }],
    predicted: {
      before: "app_stage_internal",
      after: "app_stage",
      moves: true,
      rule: "lexical order",
    },
    measured: 2,
    moved: 2,
    agrees: true,
    failures: { failed: 2, of: 2 },
    connections: [
      { kind: "stream", to: "uplink", held: 2, silent: 0, closed: 0 },
      { kind: "subscription", to: "bridge", held: 2, silent: 2, closed: 0 },
    ],
    requests: [
      { kind: "direct", sent: 96, lost: 0, stalled: 0, firstAnswered: { median: 6 }, slowest: 9 },
    ],
    blind: { median: 5000, max: 5000 },
  });
});

test("an arm whose gateway stays where it was foretold to stay is OK", () => {
  const [row] = rowsOf({ BACK_FRONT: STAYED });
  expect(row).toMatchObject({
    moved: 0,
    agrees: true,
    failures: { failed: 0, of: 2 },
    blind: { median: 110 },
  });
  expect(judge(routesRun({ BACK_FRONT: STAYED }, ENGINE)).verdict).toBe("holds");
});

test("a first gateway is none that moved", () => {
  const gained = { ...STAYED, before: tableOf(1, null), after: tableOf(2, 1) };
  expect(rowsOf({ "internal-back": gained })[0]).toMatchObject({
    before: [{ network: null, jobs: 2 }],
    after: [{ network: "app_stage" }],
    predicted: { before: null, after: "app_stage", moves: false, rule: "internal" },
    moved: 0,
    agrees: true,
    failures: { failed: 0 },
  });
});

test("what is not as predicted is said", () => {
  expect(rowsOf({ "gateway-priority": MOVED })[0]).toMatchObject({ moved: 2, agrees: false });
  // The same is foretold of an engine that does not know the priority.
  const old = { version: "20.10.24", apiVersion: "1.41" };
  expect(rowsOf({ "gateway-priority": MOVED }, old)[0]).toMatchObject({ moved: 2, agrees: true });
});

test("with one network there is one gateway throughout", () => {
  const alone = {
    before: tableOf(1, 0),
    after: tableOf(1, 0),
    traffic: trafficOf({ watched: null }),
  };
  expect(rowsOf({ "one-network": alone })[0]).toMatchObject({
    attached: null,
    predicted: { before: "app_stage", after: "app_stage", rule: "only network" },
    moved: 0,
    agrees: true,
  });
});

test("a run of another scenario has no such table, and one without a measurement says nothing of it", () => {
  expect(routesTable(history(recorded({})))).toBeNull();
  const events = routesRun({ app_stage: MOVED }, ENGINE);
  const gate = events.findIndex(({ event }) => event === "gate.opened");
  const cut = routesTable(history(events.slice(0, gate)));
  expect(cut?.rows[0]).toMatchObject({ measured: 0, agrees: null, before: [], connections: [] });
  expect(routesTableSchema.parse(cut)).toEqual(cut);
});

test("a job that was cut off before its traffic was watched is not OK", () => {
  const events = routesRun({ BACK_FRONT: STAYED }, ENGINE);
  const watched = events.findIndex(
    (event) => event.event === "invoked" && event.operation === "traffic.watch",
  );
  expect(judge(events.slice(0, watched)).arms[0]?.jobs).toEqual({
    ok: 0,
    failed: 0,
    unfinished: 2,
  });
});

test("a job whose gateway moved failed by that, at the routes of its app", () => {
  const { arms } = judge(routesRun({ app_stage: MOVED }, ENGINE));
  const [failure] = arms[0]?.failures ?? [];
  expect(failure).toMatchObject({
    class: "network.default_route_moved",
    label: "ROUTES_FAIL_app",
    count: 2,
  });
});
