import { expect, test } from "vitest";
import { calibrationOf, calibrationSchema } from "../../../harness/core/calibration.ts";
import type { Cause } from "../../../harness/core/causes.ts";
import type { SocketSeen } from "../../../harness/core/evidence.ts";
import type { Event } from "../../../harness/core/events.ts";
import { history } from "../../../harness/core/history.ts";
import type { InjectedFault } from "../../../harness/core/nemesis.ts";
import { millis } from "../../../harness/core/units.ts";
import {
  arm,
  emptySight,
  journalOf,
  lost,
  portTaken,
  refused,
  socket,
  type RunScript,
} from "./history.ts";

const portFault = (id: string, port: number, truth: Cause): InjectedFault => ({
  id,
  kind: "occupy",
  target: { of: "port", port },
  truth,
  note: `on port ${String(port)}`,
});

const PORT = 32_770;

const WAITING = socket(PORT, { state: "time-wait", uid: 0, holder: null });

/** One wave of four jobs, the first of which is refused port 32770. */
const refusedOnce = (
  faults: readonly InjectedFault[],
  host: readonly SocketSeen[] | null,
): RunScript => ({
  arms: [arm("ports", 4)],
  waves: [
    {
      arm: "ports",
      wrong: { 1: [refused("container.start", "mysql", portTaken(PORT))] },
      looks: [
        {
          job: 1,
          operation: "container.start",
          service: "mysql",
          sight: emptySight(PORT, { host }),
        },
      ],
      faults,
      portRetryLines: 1,
    },
  ],
});

const scored = (script: RunScript, quiet = true) => {
  const calibration = calibrationOf(history(journalOf(script)), { quiet });
  if (calibration === null) throw new Error("no fault was injected");
  expect(calibrationSchema.parse(calibration)).toEqual(calibration);
  return calibration;
};

test("a fault that a job failed by and that the look shows is met and attributed right", () => {
  const { faults, fates, scores, bystanders, causes } = scored(
    refusedOnce([portFault("f1", PORT, "outbound_connection")], [socket(PORT)]),
  );
  expect(faults).toMatchObject([
    {
      id: "f1",
      fate: "met",
      score: "right",
      attributed: "outbound_connection",
      target: "port 32770",
    },
  ]);
  expect({ fates, scores, bystanders }).toEqual({
    fates: { met: 1, absorbed: 0, untouched: 0 },
    scores: { right: 1, wrong: 0, open: 0 },
    bystanders: { jobs: 3, failed: 0, accused: 0 },
  });
  expect(causes).toMatchObject([
    {
      cause: "outbound_connection",
      sensitivity: { hits: 1, of: 1, value: 1, high: 1 },
      specificity: null,
    },
  ]);
});

test("the wrong cause is a miss of its own truth and a false accusation of the other", () => {
  const { scores, causes, confusion, sensitivity } = scored(
    refusedOnce([portFault("f1", PORT, "outbound_connection")], [WAITING]),
  );
  expect(scores).toEqual({ right: 0, wrong: 1, open: 0 });
  expect(sensitivity).toMatchObject({ hits: 0, of: 1 });
  expect(causes).toMatchObject([
    {
      cause: "outbound_connection",
      sensitivity: { hits: 0, of: 1 },
      specificity: null,
    },
    { cause: "time_wait", sensitivity: null, specificity: { hits: 0, of: 1 } },
  ]);
  expect(confusion).toEqual([{ truth: "outbound_connection", attributed: "time_wait", cases: 1 }]);
});

test("a failure on a port that was held before any fault was injected is set apart, and accuses nothing", () => {
  const script = refusedOnce([portFault("f1", 40_000, "outbound_connection")], [socket(PORT)]);
  const run = history(journalOf(script));
  const blamed = calibrationOf(run, { quiet: true });
  expect(blamed).toMatchObject({
    bystanders: { failed: 1, accused: 1 },
    specificity: { hits: 0, of: 1 },
    foreign: { failed: 0, ports: [] },
  });
  const heldBefore = new Map([[1, new Set([PORT])]]);
  expect(calibrationOf(run, { quiet: true, heldBefore })).toMatchObject({
    bystanders: { failed: 0, accused: 0 },
    specificity: null,
    foreign: { failed: 1, ports: [PORT] },
  });
});

test("a look that could not be had leaves the fault open, which is not wrong and not right", () => {
  const { faults, scores } = scored(
    refusedOnce([portFault("f1", PORT, "outbound_connection")], null),
  );
  expect(scores).toEqual({ right: 0, wrong: 0, open: 1 });
  expect(faults).toMatchObject([{ fate: "met", score: "open", attributed: null }]);
});

test("a port that only the daemon's log names was absorbed, one that nobody names is untouched", () => {
  // The script's retry line is about 32771.
  const { faults } = scored(
    refusedOnce(
      [portFault("f1", 32_771, "outbound_connection"), portFault("f2", 40_000, "host_listener")],
      [socket(PORT)],
    ),
  );
  expect(faults.map(({ fate, score }) => [fate, score])).toEqual([
    ["absorbed", null],
    ["untouched", null],
  ]);
});

test("a failure that no fault explains accuses falsely where nothing else can have been, and only there", () => {
  const script = refusedOnce([portFault("f1", 40_000, "host_listener")], [socket(PORT)]);
  const quiet = scored(script);
  expect(quiet.bystanders).toEqual({ jobs: 4, failed: 1, accused: 1 });
  expect(quiet.specificity).toMatchObject({ hits: 0, of: 1 });
  const busy = scored(script, false);
  expect(busy.bystanders).toEqual({ jobs: 4, failed: 1, accused: 1 });
  expect(busy.specificity).toBeNull();
  expect(busy.causes).toEqual([]);
});

test("a failure with a cause that nothing injects is no accusation", () => {
  const { bystanders, specificity, confusion } = scored(
    refusedOnce([portFault("f1", 40_000, "host_listener")], []),
  );
  expect(bystanders).toEqual({ jobs: 4, failed: 1, accused: 0 });
  expect(specificity).toMatchObject({ hits: 1, of: 1 });
  expect(confusion).toEqual([{ truth: null, attributed: "gone", cases: 1 }]);
});

test("a port held in one wave is not what a job of another wave failed by", () => {
  const script = refusedOnce([], [socket(PORT)]);
  const { faults } = scored({
    ...script,
    waves: [
      ...script.waves,
      { arm: "ports", faults: [portFault("f1", PORT, "outbound_connection")] },
    ],
  });
  expect(faults).toMatchObject([{ wave: 2, fate: "untouched" }]);
});

const DAEMON: InjectedFault = {
  id: "f1",
  kind: "slow-daemon",
  target: { of: "daemon" },
  truth: "daemon_paused",
  note: "stopped",
};

const daemonSight = (state: "T" | "S") =>
  ({ about: "daemon", state, pid: 7, answers: false, goroutines: null }) as const;

test("one fault that fails two jobs is right only if both are attributed to it", () => {
  const script = (second: "T" | "S"): RunScript => ({
    arms: [arm("noports", 2)],
    waves: [
      {
        arm: "noports",
        wrong: {
          1: [lost("network.create", null, "timeout")],
          2: [lost("network.create", null, "timeout")],
        },
        looks: [
          { job: 1, operation: "network.create", sight: daemonSight("T") },
          { job: 2, operation: "network.create", sight: daemonSight(second) },
        ],
        faults: [DAEMON],
      },
    ],
  });
  expect(scored(script("T")).faults).toMatchObject([{ fate: "met", score: "right" }]);
  expect(scored(script("S")).faults).toMatchObject([
    { fate: "met", score: "wrong", attributed: "daemon_busy" },
  ]);
});

test("a job that a stopped daemon failed and that nobody looked at is a miss, and not nothing", () => {
  const wrong = { 1: [lost("network.create", null, "timeout")] } as const;
  const { faults, sensitivity } = scored({
    arms: [arm("noports", 2)],
    waves: [{ arm: "noports", wrong, faults: [DAEMON] }],
  });
  expect(faults).toMatchObject([{ fate: "met", score: "open" }]);
  expect(sensitivity).toMatchObject({ hits: 0, of: 1 });
});

test("a name that was taken and whose failure was taken for another is a miss, and not nothing", () => {
  const name = "stress-r-w1j1-mysql";
  const fault: InjectedFault = {
    ...{ id: "f1", kind: "name-clash", target: { of: "name", name } },
    ...{ truth: "name_taken", note: "a container" },
  };
  const words = `words that nobody knows about ${name}`;
  const { faults } = scored({
    arms: [arm("noports", 2)],
    waves: [
      {
        arm: "noports",
        wrong: { 1: [refused("container.create", "mysql", words)] },
        faults: [fault],
      },
    ],
  });
  expect(faults).toMatchObject([{ fate: "met", score: "open", attributed: null }]);
});

test("a daemon that was stopped for less than anybody's patience was absorbed", () => {
  const { faults, scores } = scored({
    arms: [arm("noports", 2)],
    waves: [{ arm: "noports", faults: [DAEMON] }],
  });
  expect(faults).toMatchObject([{ fate: "absorbed", score: null }]);
  expect(scores).toEqual({ right: 0, wrong: 0, open: 0 });
});

test("a killed harness has met its fault, which nobody can score", () => {
  const killed: InjectedFault = {
    id: "f1",
    kind: "kill-runner",
    target: { of: "runner" },
    truth: null,
    note: "killed",
  };
  const { faults, sensitivity } = scored({
    arms: [arm("noports", 1)],
    waves: [{ arm: "noports", faults: [killed] }],
    ended: null,
  });
  expect(faults).toMatchObject([{ fate: "met", score: null, truth: null }]);
  expect(sensitivity).toBeNull();
});

test("a run without a fault has nothing to compare", () => {
  const run = history(journalOf(refusedOnce([], [socket(PORT)])));
  expect(calibrationOf(run, { quiet: true })).toBeNull();
});

/** Two jobs on ports that the daemon chose; the first runs into RootlessKit's forward 7, whose port nobody names. */
const conflicting = (id: number) => {
  const events = journalOf({
    arms: [arm("ports", 2)],
    waves: [
      {
        arm: "ports",
        wrong: {
          1: [refused("container.start", "mysql", "… PortManager.AddPort(): conflict with ID 7")],
        },
        faults: [portFault("f1", PORT, "leaked_forward")],
      },
    ],
  });
  const forward = {
    ...{ id, protocol: "tcp4", parentIp: "0.0.0.0", parentPort: PORT },
    ...{ childIp: "127.0.0.1", childPort: PORT },
  };
  const end = events.findIndex(({ event }) => event === "burst.ended");
  const seen: Event = {
    ...{ event: "ports.seen", at: events[end]?.at ?? millis(0), wave: 1 },
    ...{ forwards: [forward], engineListening: null },
  };
  return calibrationOf(history(events.toSpliced(end + 1, 0, seen)), { quiet: true });
};

test("a leaked forward that was in the way of a port nobody named is found by its number", () => {
  expect(conflicting(7)?.faults).toMatchObject([
    { fate: "met", score: "right", attributed: "leaked_forward" },
  ]);
  expect(conflicting(8)?.faults).toMatchObject([{ fate: "untouched", score: null }]);
});
