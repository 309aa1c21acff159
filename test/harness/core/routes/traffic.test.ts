import { expect, test } from "vitest";
import type { AppSeen, HeldSeen, ProxySeen } from "../../../../harness/core/routes/traffic-seen.ts";
import { trafficReport, trafficReportSchema } from "../../../../harness/core/routes/traffic.ts";

const ATTACHED = 10_000;
const NOW = 15_000;

const held = (changes: Partial<HeldSeen> = {}): HeldSeen => ({
  kind: "subscription",
  to: "uplink",
  address: "10.0.2.100",
  connectedAt: 8000,
  closedAt: null,
  words: null,
  before: 20,
  after: 50,
  longestSilence: 110,
  lastAt: NOW - 40,
  waitingSince: null,
  sent: null,
  ...changes,
});

const app = (changes: Partial<AppSeen> = {}): AppSeen => ({
  step: "app",
  at: NOW,
  attachedAt: ATTACHED,
  gateways: [{ at: 7000, gateway: "172.20.0.1", interface: "eth0" }],
  outside: { uplink: "10.0.2.100", bridge: "172.17.0.1" },
  held: [],
  ...changes,
});

const requests = {
  sent: 3,
  answered: 2,
  lost: 1,
  words: "timeout",
  firstAnsweredAt: 10_400,
  median: 4,
  slowest: 9,
  first: [null, 4, 9],
};

const proxy: ProxySeen = {
  step: "proxy",
  at: NOW,
  reachableAt: 10_060,
  direct: requests,
  through: { ...requests, firstAnsweredAt: null },
};

const stateOf = (changes: Partial<HeldSeen>) =>
  trafficReport(app({ held: [held(changes)] }), null).held[0];

test("a connection over which messages still come is alive", () => {
  expect(stateOf({})).toMatchObject({ state: "alive", since: "before", before: 20, after: 50 });
});

test("a connection that stands and brings nothing for a second is silent", () => {
  expect(stateOf({ lastAt: ATTACHED + 10, after: 1 })).toMatchObject({ state: "silent" });
});

test("a stream that still hears, and is not heard, is silent", () => {
  const sent = { count: 50, acknowledged: 0 };
  expect(stateOf({ kind: "stream", sent })).toMatchObject({
    state: "silent",
    sent: { count: 50, arrived: 0 },
  });
  expect(stateOf({ kind: "stream", sent: { count: 50, acknowledged: 48 } })).toMatchObject({
    state: "alive",
  });
});

test("a connection for commands is silent only while an answer is waited for", () => {
  const commands = { kind: "commands", lastAt: 8000 } as const;
  expect(stateOf(commands)).toMatchObject({ state: "alive" });
  expect(stateOf({ ...commands, waitingSince: NOW - 500 })).toMatchObject({ state: "alive" });
  expect(stateOf({ ...commands, waitingSince: 10_100 })).toMatchObject({ state: "silent" });
});

test("one that its own side was told the end of is closed", () => {
  expect(stateOf({ closedAt: 11_000, words: "read ECONNRESET" })).toMatchObject({
    state: "closed",
    words: "read ECONNRESET",
  });
});

test("one that could only be made after the attach is told from one that never was", () => {
  expect(stateOf({ connectedAt: 10_100 })).toMatchObject({ since: "after" });
  expect(stateOf({ connectedAt: null, lastAt: null, words: "connect ENETUNREACH" })).toMatchObject({
    since: "never",
    state: "unconnected",
  });
});

test("routes are told by the time from the attach, and the time without one is summed", () => {
  const gateways = [
    { at: 7000, gateway: "172.20.0.1", interface: "eth0" },
    { at: 10_020, gateway: null, interface: null },
    { at: 10_050, gateway: "172.21.0.1", interface: "eth1" },
  ];
  const report = trafficReport(app({ gateways }), null);
  expect(report).toMatchObject({ watched: 5000, withoutRoute: 30 });
  expect(report.gateways).toEqual([
    { after: -3000, gateway: "172.20.0.1" },
    { after: 20, gateway: null },
    { after: 50, gateway: "172.21.0.1" },
  ]);
});

test("an internal network that never had a route has not lost one", () => {
  const gateways = [
    { at: 7000, gateway: null, interface: null },
    { at: 10_050, gateway: "172.21.0.1", interface: "eth1" },
  ];
  expect(trafficReport(app({ gateways }), null).withoutRoute).toBe(0);
});

test("requests are timed from when the proxy could find the app", () => {
  expect(trafficReport(app(), proxy)).toMatchObject({
    reachable: 60,
    requests: [
      { kind: "direct", sent: 3, answered: 2, lost: 1, firstAnswered: 340, first: [null, 4, 9] },
      { kind: "through", firstAnswered: null },
    ],
  });
});

test("without an attach nothing is told from it", () => {
  const report = trafficReport(app({ attachedAt: null, held: [held({ after: 0 })] }), proxy);
  expect(report).toMatchObject({ watched: null, reachable: null, gateways: [{ after: null }] });
  expect(report.held[0]).toMatchObject({ since: "before", state: "alive" });
});

test("a report is as its schema says", () => {
  const report = trafficReport(app({ held: [held()] }), proxy);
  expect(trafficReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});
