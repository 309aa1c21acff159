import { expect, test } from "vitest";
import {
  datapathTable,
  datapathTableSchema,
  type DatapathWay,
} from "../../../../harness/core/datapath/datapath-table.ts";
import { history } from "../../../../harness/core/history.ts";
import type { Measured } from "../../../../harness/core/measured.ts";
import type { ArmSpec } from "../../../../harness/core/plan-request.ts";
import { recorded } from "../recorded.ts";
import {
  carriers,
  flowed,
  measuredHistory,
  requested,
  type Asked,
  type MeasuredRun,
} from "./measured-ways.ts";

const arm = (profile: string, mode: ArmSpec["mode"]): ArmSpec => ({ profile, mode, n: 1 });

const PROXIED = arm("default", "ports");
const HOST = arm("default", "host");
const RULES = arm("no-userland-proxy", "ports");

/** Rounds of different speed, in which each way has the same share of the host's. */
const SPEED = [1, 0.5, 2];

const SHARES: Readonly<Record<string, number>> = {
  "default/ports/n1": 0.5,
  "no-userland-proxy/ports/n1": 0.8,
};

const measured = ({ arm: id, block, operation, step }: Asked): Measured => {
  const speed = SPEED[block - 1] ?? 100;
  const share = SHARES[id] ?? 1;
  const isProxied = id === "default/ports/n1";
  switch (operation) {
    case "flow.measure":
      return step?.startsWith("egress") === true
        ? flowed(8 * speed, { "iperf3-server": 2 })
        : flowed(40 * speed * share, {
            "iperf3-server": 1,
            "iperf3-client": 1,
            ...(isProxied ? { "docker-proxy": 2 } : {}),
          });
    case "requests.measure":
      return requested(
        { rate: 20_000 * speed * share, connect: 0.1 / speed },
        { "redis-server": 1 },
      );
    default:
      return carriers({
        proxies: isProxied
          ? [
              {
                pid: 42,
                program: "docker-proxy",
                hostIp: "0.0.0.0",
                hostPort: 32768,
                containerIp: "172.18.0.2",
                containerPort: 5201,
              },
            ]
          : [],
      });
  }
};

const RUN: MeasuredRun = { arms: [PROXIED, RULES, HOST], rounds: 3, measured };

const tableOf = (changes: Partial<MeasuredRun> = {}) => {
  const table = datapathTable(measuredHistory({ ...RUN, ...changes }));
  if (table === null) throw new Error("no table");
  return table;
};

const wayOf = (id: string, changes: Partial<MeasuredRun> = {}): DatapathWay => {
  const way = tableOf(changes).ways.find((each) => each.arm === id);
  if (way === undefined) throw new Error(`no way ${id}`);
  return way;
};

const INGRESS = 1;

test("a run of another scenario has no table", () => {
  expect(datapathTable(history(recorded({})))).toBeNull();
});

test("a flow is the median of its rounds, and its ratio to host networking that of each round's two", () => {
  const way = wayOf("default/ports/n1");
  expect(way.reference).toBe("default/host/n1");
  const flow = way.flows[INGRESS];
  expect(flow).toMatchObject({ step: "ingress/10/ipv4", rounds: 3, unreachable: null });
  // 20, 10 and 40 Gbit/s, against 40, 20 and 80 in the same rounds.
  expect(flow?.throughput).toEqual({ samples: 3, median: 20, min: 10, max: 40 });
  expect(flow?.throughputRatio?.value).toBeCloseTo(0.5, 9);
  expect(flow?.throughputRatio?.interval?.low).toBeCloseTo(0.5, 6);
  // On four cores instead of two.
  expect(flow?.perCore?.median).toBeCloseTo(5, 9);
  expect(flow?.perCoreRatio?.value).toBeCloseTo(0.25, 9);
  expect(flow?.processor?.busyCores).toBeCloseTo(4, 9);
});

test("small requests have their rate, their latencies and what one costs", () => {
  const [small] = wayOf("default/ports/n1").requests;
  expect(small?.rate?.median).toBe(10_000);
  expect(small?.rateRatio?.value).toBeCloseTo(0.5, 9);
  expect(small?.connect).toMatchObject({ median: 0.1, p95: 0.2 });
  expect(small?.connectRatio?.value).toBeCloseTo(1, 9);
  // One core for 10 000 a second.
  expect(small?.cost?.median).toBeCloseTo(100, 9);
});

test("host networking is the reference of its own profile, then of its own kind, and never of another", () => {
  expect(wayOf("no-userland-proxy/ports/n1").reference).toBe("default/host/n1");
  expect(wayOf("default/host/n1").flows[INGRESS]?.perCoreRatio).toBeNull();
  const rootful = wayOf("no-userland-proxy/ports/n1", { rootful: ["no-userland-proxy"] });
  expect(rootful).toMatchObject({ rootless: false, reference: null });
  expect(rootful.flows[INGRESS]?.perCoreRatio).toBeNull();
  const both = [...RUN.arms, arm("no-userland-proxy", "host")];
  expect(wayOf("no-userland-proxy/ports/n1", { arms: both }).reference).toBe(
    "no-userland-proxy/host/n1",
  );
});

test("two rounds have ratios without an interval", () => {
  const flow = wayOf("default/ports/n1", { rounds: 2 }).flows[INGRESS];
  expect(flow?.perCoreRatio).toMatchObject({ rounds: 2, interval: null });
  expect(flow?.perCoreRatio?.value).toBeCloseTo(0.25, 9);
});

test("a warm-up is in no figure", () => {
  const flow = wayOf("default/host/n1", { warmups: 1 }).flows[INGRESS];
  expect(flow?.throughput).toMatchObject({ samples: 3, max: 80 });
});

test("what could not be had has no figures, and says why", () => {
  const words = "IPv6: [::1]:32768 leads nowhere: accepted, and closed without an answer";
  const way = wayOf("no-userland-proxy/ports/n1", {
    measured: (asked) =>
      asked.arm === "no-userland-proxy/ports/n1" && asked.step?.endsWith("ipv6") === true
        ? { kind: "unreachable", words }
        : measured(asked),
  });
  const sixth = way.flows.filter(({ family }) => family === 6);
  expect(sixth).toHaveLength(4);
  for (const flow of sixth) {
    expect(flow).toMatchObject({
      rounds: 0,
      throughput: null,
      processor: null,
      unreachable: words,
    });
  }
  expect(way.flows[INGRESS]?.unreachable).toBeNull();
  expect(way.requests[1]).toMatchObject({ rounds: 0, connect: null, rate: null });
});

test("carriers are told as they were in the last round; without a way there are its words", () => {
  expect(wayOf("default/ports/n1").carriers).toMatchObject({ proxied: true });
  expect(wayOf("default/ports/n1").carriers?.words.at(-1)).toBe("[::1]:32768 answers");
  const nothing = wayOf("default/ports/n1", {
    measured: (asked) =>
      asked.operation === "path.look" && asked.block === 3
        ? { kind: "unreachable", words: "no host port is published for 5201/tcp" }
        : measured(asked),
  });
  expect(nothing.carriers).toEqual({
    words: ["no host port is published for 5201/tcp"],
    proxied: null,
    reach: null,
  });
});

test("the article's own figures make its own ratios", () => {
  const { author } = tableOf().article;
  expect(author.map(({ throughput }) => throughput)).toEqual([42, 54, 70]);
  expect(author[0]?.hostBetterBy?.toFixed(1)).toBe("2.8");
  expect(author[1]?.hostBetterBy?.toFixed(1)).toBe("1.3");
});

test("what carries the traffic decides which of ours stands beside which of the article's", () => {
  const { ours } = tableOf().article;
  expect(ours).toHaveLength(1);
  expect(ours[0]?.rootless).toBe(true);
  expect(ours[0]?.figures).toMatchObject([
    { way: "docker-proxy", arm: "default/ports/n1", throughput: 20, idle: 0 },
    { way: "rules", arm: "no-userland-proxy/ports/n1", throughput: 32, idle: 0.5 },
    { way: "host", arm: "default/host/n1", throughput: 40, idle: 0.5, hostBetterBy: 1 },
  ]);
  expect(ours[0]?.figures[0]?.hostBetterBy).toBeCloseTo(4, 9);
  expect(ours[0]?.figures[1]?.hostBetterBy).toBeCloseTo(1.25, 9);
  expect(tableOf({ arms: [arm("default", "noports")] }).article.ours).toEqual([]);
});

test("the table is its schema's, also where nothing was measured", () => {
  const table = tableOf();
  expect(datapathTableSchema.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  const none = tableOf({ measured: () => ({ kind: "unreachable", words: "no" }) });
  expect(datapathTableSchema.parse(none)).toEqual(none);
});
