import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event } from "../../../harness/core/events.ts";
import type { Answer, OperationKind } from "../../../harness/core/model.ts";
import { judge } from "../../../harness/core/judge.ts";
import { summarySchema, type ArmSummary } from "../../../harness/core/summary.ts";
import {
  arm,
  journalOf,
  killedBefore,
  lost,
  portTaken,
  refused,
  unanswered,
  type RunScript,
  type Wrong,
} from "./history.ts";
import { recorded, refusedBy } from "./recorded.ts";

/** The summary of the only arm. */
const soleArm = (events: readonly Event[]): ArmSummary => {
  const [only, ...others] = judge(events).arms;
  if (only === undefined || others.length > 0) throw new Error("not one arm");
  return only;
};

const oneWave = (n: number, wrong: Readonly<Record<number, readonly Wrong[]>> = {}): RunScript => ({
  arms: [arm("ports", n)],
  waves: [{ arm: "ports", wrong }],
});

test("a clean run holds, and says how much it cannot rule out", () => {
  const waves = [1, 1.05, 0.95].map((slowness) => ({ arm: "ports", slowness }));
  const summary = judge(journalOf({ arms: [arm("ports", 16)], waves }));
  expect(summary).toMatchObject({ verdict: "holds", ended: "completed", leaks: [] });
  expect(summary.reasons).toEqual([
    "48 of 48 jobs OK in ports: the failure rate may still be up to 7.4 % (Wilson 95 %)",
    "jobs of one wave are not independent: the interval is narrower than the truth",
  ]);
  expect(() => summarySchema.parse(summary)).not.toThrow();
});

test("one job's whole life gives one summary", () => {
  expect(soleArm(journalOf(oneWave(1)))).toEqual({
    id: "ports",
    scenario: "stacks",
    mode: "ports",
    n: 1,
    waves: { finished: 1, planned: 1 },
    jobs: { ok: 1, failed: 0, unfinished: 0 },
    failureRate: { failed: 0, of: 1, value: 0, low: 0, high: expect.closeTo(0.793, 3) as number },
    failures: [],
    burst: { samples: 1, median: 2485, min: 2485, max: 2485 },
    launchSkew: { samples: 1, median: 0, min: 0, max: 0 },
    inFlight: 1,
    phases: [
      { operation: "network.create", samples: 1, median: 100, p95: 100 },
      { operation: "container.create", samples: 3, median: 50, p95: 50 },
      { operation: "container.start", samples: 3, median: 400, p95: 400 },
      { operation: "container.inspect", samples: 3, median: 10, p95: 10 },
      { operation: "ready", samples: 3, median: 1000, p95: 1000 },
      { operation: "identity", samples: 3, median: 5, p95: 5 },
    ],
    teardown: { samples: 1, median: 300, min: 300, max: 300 },
    harnessShare: expect.closeTo(0.05, 9) as number,
    netnsRestorePerJob: 12,
    portRetries: 0,
  });
});

test.each<[string, OperationKind, string | null]>([
  ["NET_FAIL", "network.create", null],
  ["CREATE_FAIL_mysql", "container.create", "mysql"],
  ["START_FAIL_redis", "container.start", "redis"],
  ["INSPECT_FAIL_clickhouse", "container.inspect", "clickhouse"],
  ["READY_FAIL_redis", "ready", "redis"],
  ["IDENTITY_FAIL_clickhouse", "identity", "clickhouse"],
])("%s is where the job stopped", (label, operation, service) => {
  const { jobs, failures } = soleArm(
    journalOf(oneWave(3, { 2: [refused(operation, service, "words")] })),
  );
  expect(jobs).toEqual({ ok: 2, failed: 1, unfinished: 0 });
  expect(failures).toEqual([
    {
      label,
      class: "unknown",
      count: 1,
      example: "words",
      jobs: ["w1j2"],
      causes: [
        {
          cause: null,
          certainty: "open",
          count: 1,
          example: "nothing was looked at",
          after: null,
        },
      ],
    },
  ]);
});

test("of several failures the first answer counts", () => {
  const wrong = [
    refused("ready", "mysql", "not ready within 60s: nothing", "harness"),
    lost("ready", "redis", "cancelled"),
  ];
  expect(soleArm(journalOf(oneWave(1, { 1: wrong }))).failures).toMatchObject([
    { label: "READY_FAIL_mysql", class: "readiness.timeout" },
  ]);
});

test.each([
  ["timeout", "failed", "daemon.hang"],
  ["connection-lost", "failed", "daemon.connection_lost"],
  ["cancelled", "unfinished", null],
] as const)("a job without an answer (%s) is %s", (reason, status, name) => {
  const { jobs, failures } = soleArm(
    journalOf(oneWave(1, { 1: [lost("container.start", "redis", reason)] })),
  );
  expect(jobs[status]).toBe(1);
  expect(failures.map((failure) => failure.class)).toEqual(name === null ? [] : [name]);
});

test("a job that merely stopped between two steps is not OK", () => {
  const events = journalOf(oneWave(2)).filter(
    (event) => !("operation" in event && event.operation === "identity" && event.job === "w1j2"),
  );
  expect(soleArm(events).jobs).toEqual({ ok: 1, failed: 0, unfinished: 1 });
});

test("a service that other jobs of the arm proved has to be proved by each", () => {
  const events = journalOf(oneWave(2)).filter(
    (event) => !("service" in event && event.service === "redis" && event.job === "w1j2"),
  );
  expect(soleArm(events).jobs).toEqual({ ok: 1, failed: 0, unfinished: 1 });
});

test("the job container has nothing to prove", () => {
  const events = journalOf({ arms: [arm("noports", 4)], waves: [{ arm: "noports" }] });
  expect(soleArm(events).jobs).toEqual({ ok: 4, failed: 0, unfinished: 0 });
});

const MIXED = journalOf({
  arms: [arm("ports", 4), arm("noports", 2)],
  waves: [
    { arm: "noports", wrong: { 1: [lost("ready", "mysql", "timeout")] } },
    {
      arm: "ports",
      wrong: {
        1: [refused("container.start", "mysql", portTaken(32770))],
        3: [unanswered("container.start", "redis")],
        4: [refused("network.create", null, "the bridge is odd")],
      },
      leaked: { networks: ["stress-k3x9-w2j3"] },
    },
  ],
});

test("every beginning of a journal can be judged, and what was said of a job stays", () => {
  const statuses = (events: readonly Event[]) => {
    const { arms } = judge(events);
    return {
      ok: arms.reduce((total, { jobs }) => total + jobs.ok, 0),
      failed: new Set(arms.flatMap(({ failures }) => failures.flatMap(({ jobs }) => jobs))),
    };
  };
  const whole = statuses(MIXED);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MIXED.length }), (n) => {
      const part = statuses(killedBefore(MIXED, n));
      expect(part.ok).toBeLessThanOrEqual(whole.ok);
      for (const job of part.failed) expect(whole.failed).toContain(job);
      if (n < MIXED.length) expect(judge(killedBefore(MIXED, n)).verdict).not.toBe("holds");
    }),
  );
});

test("a failure counts however the run ended, but a cut-off wave is in no rate", () => {
  const cut = killedBefore(MIXED, MIXED.length - 2);
  const summary = judge(cut);
  expect(summary).toMatchObject({ verdict: "violated", ended: "killed" });
  expect(summary.reasons).toContain("1 wave of ports with failures was cut off and is in no rate");
});

test("quick failures of a wave that was cut off are not a failure rate of 100 %", () => {
  const slow = { operation: "container.start", service: "mysql", answer: null } as const;
  const waves = [
    { arm: "ports", wrong: { 1: [refused("network.create", null, "no")], 2: [slow] } },
  ];
  const summary = judge(journalOf({ arms: [arm("ports", 2)], waves, ended: "interrupted" }));
  expect(summary.arms[0]).toMatchObject({ failureRate: null, jobs: { ok: 0, failed: 1 } });
  expect(summary.reasons.join()).toContain("1 failed and 1 unfinished of 2 jobs are no rate");
});

test("what no signature names comes first, counted by its shape", () => {
  const odd = (port: number): Wrong =>
    refused("container.start", "redis", `port ${String(port)} is odd`);
  const { failures } = soleArm(
    journalOf(
      oneWave(6, {
        1: [refused("container.start", "mysql", portTaken(32770))],
        2: [refused("container.start", "mysql", portTaken(32771))],
        3: [odd(1)],
        4: [odd(2)],
        5: [refused("container.start", "redis", "the bridge is odd")],
      }),
    ),
  );
  expect(failures.map(({ class: name, count, example }) => [name, count, example])).toEqual([
    ["unknown", 2, "port 1 is odd"],
    ["unknown", 1, "the bridge is odd"],
    ["port.rootlesskit_addport_in_use", 2, portTaken(32770)],
  ]);
});

test("a refused teardown is a warning, not a failure; what is gone already is neither", () => {
  const summary = judge(
    journalOf(
      oneWave(2, {
        1: [
          refused("network.remove", null, "network stress-k3x9-w1j1 has active endpoints"),
          refused("container.remove", "mysql", "No such container: stress-k3x9-w1j1-mysql"),
        ],
      }),
    ),
  );
  expect(summary.verdict).toBe("holds");
  expect(summary.reasons).toContain(
    "1 teardown call was refused or not answered: 1 teardown.active_endpoints",
  );
});

test("anything left behind violates, also where every job was OK", () => {
  const summary = judge(
    journalOf({
      arms: [arm("ports", 2)],
      waves: [
        {
          arm: "ports",
          leaked: { networks: ["stress-k3x9-w1j2"] },
          leakedPorts: [41003],
          stuck: ["network stress-k3x9-w1j2 has active endpoints"],
        },
      ],
    }),
  );
  expect(summary.verdict).toBe("violated");
  expect(summary.leaks).toEqual([
    {
      wave: 1,
      arm: "ports",
      what: [
        "network stress-k3x9-w1j2",
        "listener on port 41003",
        "not removable: network stress-k3x9-w1j2 has active endpoints",
      ],
    },
  ]);
  expect(summary.reasons).toContain("1 wave left 3 objects behind");
});

test.each<[string, string, Partial<RunScript>]>([
  ["holds", "every wave finished", {}],
  ["unknown", "fewer waves finished than were planned", { planned: 2 }],
  ["unknown", "it was interrupted", { ended: "interrupted" }],
  ["unknown", "the engine was lost", { ended: "engine-lost" }],
  ["unknown", "its trouble could not be made", { ended: "trouble-failed" }],
  ["unknown", "the process was killed", { ended: null }],
  ["unknown", "nothing was done", { waves: [], planned: 1 }],
])("without a failure the verdict is %s if %s", (verdict, _, script) => {
  expect(judge(journalOf({ ...oneWave(2), ...script })).verdict).toBe(verdict);
});

test("trouble that could not be made is a reason of its own, and no lost engine", () => {
  const { reasons } = judge(journalOf({ ...oneWave(2), ended: "trouble-failed" }));
  expect(reasons.join()).toContain("the trouble that was asked for could not be made: ");
});

test("sixteen jobs released 0.1 ms apart skew by 1.5 ms and are all in flight", () => {
  const { launchSkew, inFlight } = soleArm(journalOf(oneWave(16)));
  expect(launchSkew?.median).toBeCloseTo(1.5, 9);
  expect(inFlight).toBe(16);
});

test("waiting for a service is not a call in flight", () => {
  const { inFlight } = soleArm(journalOf(oneWave(1)));
  expect(inFlight).toBe(1);
});

test("the log's base rate is per job, and null where the log cannot be read", () => {
  const waves = [
    { arm: "ports", netnsRestoreLines: 24 },
    { arm: "ports", netnsRestoreLines: null },
  ];
  expect(soleArm(journalOf({ arms: [arm("ports", 4)], waves })).netnsRestorePerJob).toBe(6);
  const blind = [{ arm: "ports", netnsRestoreLines: null }];
  expect(
    soleArm(journalOf({ arms: [arm("ports", 4)], waves: blind })).netnsRestorePerJob,
  ).toBeNull();
});

test("silent retries of a port allocation are added up, and said", () => {
  const waves = [
    { arm: "ports", portRetryLines: 5 },
    { arm: "ports", portRetryLines: 2 },
  ];
  const summary = judge(journalOf({ arms: [arm("ports", 2)], waves }));
  expect(summary.arms[0]?.portRetries).toBe(7);
  expect(summary.reasons.join()).toContain("7 retries of a port allocation in ports");
  expect(summary.verdict).toBe("holds");
});

test("a simulated run says so before anything else", () => {
  const summary = judge(journalOf({ ...oneWave(1), engine: { simulated: true } }));
  expect(summary.simulated).toBe(true);
  expect(summary.reasons[0]).toBe("the engine was simulated: this says nothing about a real one");
});

test("a run over TCP says what its times include, and what could not be read", () => {
  const address = "tcp://127.0.0.1:2375 (--host)";
  const { reasons } = judge(journalOf({ ...oneWave(1), engine: { address } }));
  expect(reasons[0]).toMatch(/^the engine was reached over TCP, tcp:.* times include what lies/);
  const local = judge(journalOf(oneWave(1))).reasons;
  expect(local.join()).not.toContain("over TCP");
});

const done: Answer = { kind: "done" };

test.each<[string, (events: readonly Event[]) => readonly Event[]]>([
  ["no beginning", (events) => events.slice(1)],
  ["nothing", () => []],
  ["two runs", (events) => [...events, ...structuredClone(events)]],
  [
    "an event of a wave that was not started",
    (events) => events.filter((e) => e.event !== "wave.started"),
  ],
  ["an answer to nothing", (events) => events.filter((e) => e.event !== "invoked")],
])("a journal with %s is corrupt", (_, spoil) => {
  expect(() => judge(spoil(journalOf(oneWave(1))))).toThrow(
    expect.objectContaining({ code: "corrupt" }) as Error,
  );
});

test("two thousand jobs are judged within two seconds of processor time", () => {
  const wrong = Object.fromEntries(
    Array.from({ length: 500 }, (_, job) => [
      job + 1,
      [{ operation: "container.start", service: "mysql", answer: done } as const],
    ]),
  );
  const events = journalOf(oneWave(2000, wrong));
  const before = process.cpuUsage().user;
  expect(soleArm(events).jobs.ok).toBe(1500);
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(2);
});

const APART = { enginePortRange: [13_312, 15_359] as [number, number] };

test.each([
  ["ports", APART, 0, true],
  ["ports", APART, 1, false],
  ["ports", {}, 0, false],
  ["ports", { ...APART, rootless: false }, 0, false],
  ["noports", APART, 0, false],
] as const)(
  "in mode %s on an engine with %j and %i failures it is said that ports were kept apart: %s",
  (mode, engine, failed, said) => {
    const trouble = {
      ...({ job: "w1j1", operation: "container.start", service: "redis" } as const),
      answer: refusedBy(portTaken(13_312)),
    };
    const troubles = failed === 0 ? [] : [trouble];
    const { reasons } = judge(recorded({ request: { modes: [mode], ns: [2] }, engine, troubles }));
    expect(reasons.join("\n").includes("--profile default has one range for both")).toBe(said);
  },
);
