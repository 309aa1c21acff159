import fc from "fast-check";
import { expect, test } from "vitest";
import type { Mode, WavePlan } from "../../../harness/core/model.ts";
import {
  ephemeralPorts,
  momentOf,
  portsBehind,
  targetsOf,
} from "../../../harness/core/nemesis-targets.ts";
import { plan } from "../../../harness/core/plan.ts";
import { seconds } from "../../../harness/core/units.ts";
import { stacks } from "../../../scenarios/stacks.ts";

const USE = { reference: "image:1", command: null, env: {} };

const waveOf = (mode: Mode, n: number, ports: "all" | "minimal" = "all"): WavePlan => {
  const [wave] = plan({
    run: "r",
    seed: "s",
    scenario: stacks,
    services: [],
    modes: [mode],
    ns: [n],
    waves: 1,
    ports,
    images: { name: "i", images: { mysql: USE, redis: USE, clickhouse: USE, job: USE } },
    deadlines: { call: seconds(1), ready: seconds(1), teardown: seconds(1) },
    teardownConcurrency: 1,
    keepFailed: false,
    owner: "o",
  }).waves;
  if (wave === undefined) throw new Error("a plan without waves");
  return wave;
};

test("few ports hit as many jobs: the first of every job comes before the second of any", () => {
  const { fixedPorts } = targetsOf(waveOf("ports-block", 4), "seed");
  const perJob = 5;
  expect(fixedPorts).toHaveLength(4 * perJob);
  const jobs = fixedPorts.map((port) => Math.floor((port - 61_000) / perJob));
  for (let round = 0; round < perJob; round += 1) {
    expect(new Set(jobs.slice(round * 4, (round + 1) * 4)).size, `round ${String(round)}`).toBe(4);
  }
});

test("where all jobs ask for the same ports, each is there once", () => {
  expect(targetsOf(waveOf("ports-fixed", 3), "seed").fixedPorts.toSorted((a, b) => a - b)).toEqual([
    3306, 6379, 8123, 9000, 9009,
  ]);
});

test.each<[Mode, string | null]>([
  ["ports", ""],
  ["ports-loopback", "127.0.0.1"],
  ["ports-block", null],
  ["noports", null],
])("mode %s leaves the choice of ports at %o to the daemon", (mode, hostIp) => {
  expect(targetsOf(waveOf(mode, 2), "seed").dynamicHostIp).toBe(hostIp);
});

test("names come from the jobs that are the last to lose a port", () => {
  const wave = waveOf("ports-block", 6, "minimal");
  const { fixedPorts, containers } = targetsOf(wave, "seed");
  const ofPort = fixedPorts.slice(0, 6).map((port) => Math.floor((port - 61_000) / 3) + 1);
  const ofName = containers.map((name) => Number(/-w1j(\d)-/.exec(name)?.[1]));
  expect(ofName).toEqual(ofPort.toReversed());
});

test("the same seed aims at the same targets, and another wave at others", () => {
  const wave = waveOf("ports-block", 16);
  expect(targetsOf(wave, "seed")).toEqual(targetsOf(wave, "seed"));
  expect(targetsOf({ ...wave, index: 2 }, "seed")).not.toEqual(targetsOf(wave, "seed"));
  expect(targetsOf(wave, "other")).not.toEqual(targetsOf(wave, "seed"));
  expect(momentOf(wave, "seed")).toBe(momentOf(wave, "seed"));
});

test.each([
  [40_000, [40_001, 40_002, 40_003, 40_000]],
  [40_002, [40_003, 40_000, 40_001, 40_002]],
  [40_003, [40_000, 40_001, 40_002, 40_003]],
  // Asked elsewhere than in the range: it begins anew.
  [7, [40_000, 40_001, 40_002, 40_003]],
])("behind %i come %o", (cursor, expected) => {
  expect(portsBehind(cursor, [40_000, 40_003])).toEqual(expected);
});

test("every port of the range comes once, each after the one before or at the range's begin", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1024, max: 60_000 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 65_535 }),
      (first, size, cursor) => {
        const last = first + size;
        const ports = portsBehind(cursor, [first, last]);
        expect(new Set(ports).size).toBe(size + 1);
        expect(
          ports
            .slice(1)
            .every(
              (port, index) => port === (ports[index] === last ? first : (ports[index] ?? 0) + 1),
            ),
        ).toBe(true);
      },
    ),
  );
});

test.each<[what: string, ahead: readonly number[], ports: readonly number[]]>([
  ["are the next of a cursor within it", [102, 103, 100, 101], [102, 103, 100, 101]],
  ["leave out what only the daemon's range has", [103, 104, 105, 102], [103, 102]],
  ["begin with it where the cursor is elsewhere", [200, 201, 100], [100, 101, 102, 103]],
  ["begin with it where the daemon chooses none", [], [100, 101, 102, 103]],
])("ports of connections from the host's range %s", (_what, ahead, ports) => {
  expect(ephemeralPorts(ahead, [100, 103])).toEqual(ports);
});
