import { expect, test } from "vitest";
import { exitedEarly } from "../../../harness/core/findings.ts";
import { history } from "../../../harness/core/history.ts";
import type { Answer } from "../../../harness/core/model.ts";
import { repro, type Condition } from "../../../harness/core/repro.ts";
import type { Sight, SocketSeen } from "../../../harness/core/evidence.ts";
import { arm, journalOf, portTaken, refused } from "./history.ts";
import { portSight, recorded, refusedBy, type Recording, type Trouble } from "./recorded.ts";

const socket = (port: number, more: Partial<SocketSeen>): SocketSeen => ({
  family: 4,
  localAddress: "127.0.0.1",
  localPort: port,
  remoteAddress: "127.0.0.1",
  remotePort: 5432,
  state: "established",
  uid: 1000,
  holder: null,
  ...more,
});

const start = (answer: Answer, ...sights: readonly Sight[]): Trouble => ({
  job: "w1j1",
  operation: "container.start",
  service: "redis",
  answer,
  sights,
});

const reproOf = (trouble: Trouble, more: Recording = {}) =>
  repro(history(recorded({ troubles: [trouble], ...more })), trouble.job);

const inUse = refusedBy(portTaken(6379));
const addPort = (seen: Parameters<typeof portSight>[1]) => start(inUse, portSight(6379, seen));

test.each([
  ["a connection of the host", addPort({ host: [socket(6379, {})] }), { kind: "outbound" }],
  ["a listener", addPort({ host: [socket(6379, { state: "listen" })] }), { kind: "listener" }],
  ["TIME_WAIT", addPort({ host: [socket(6379, { state: "time-wait" })] }), { kind: "timewait" }],
  [
    "a forward that leaked",
    addPort({
      forwards: [
        {
          id: 7,
          protocol: "tcp4",
          parentIp: "0.0.0.0",
          parentPort: 6379,
          childIp: null,
          childPort: 6379,
        },
      ],
    }),
    { kind: "forward", protocol: "tcp4", parentIp: "0.0.0.0" },
  ],
] as const)("a fixed port that %s had is held the same way", (_, trouble, by) => {
  const { condition, expected } = reproOf(trouble, { request: { ns: [1] } });
  expect(condition).toEqual({ kind: "hold", by, port: 6379 });
  expect(expected).toEqual({
    kind: "refused",
    fragments: [
      "error while calling RootlessKit PortManager.AddPort(): listen tcp",
      ": bind: address already in use",
    ],
  });
});

test.each([
  ["29.6.0", 4],
  ["28.5.2", 12],
])("on Engine %s the next %i dynamic ports are held", (version, held) => {
  const { condition } = reproOf(
    start(refusedBy(portTaken(32770)), portSight(32770, { host: [socket(32770, {})] })),
    { request: { modes: ["ports"] }, engine: { version } },
  );
  expect(condition).toMatchObject({ kind: "hold-next", by: { kind: "outbound" }, count: held });
});

const steps = (condition: Condition) =>
  condition.kind === "other-jobs"
    ? condition.steps.map(({ job, operation }) => `${job} ${operation.kind}`)
    : condition.kind;

const ALLOCATED = "Bind for 0.0.0.0:6379 failed: port is already allocated";

test.each([
  [
    "was seen to have the port",
    portSight(6379, {
      containers: [
        {
          container: "stress-k3x9-w1j2-redis",
          run: "k3x9",
          job: "w1j2",
          running: true,
          hostIp: "0.0.0.0",
          hostPort: 6379,
          containerPort: 6379,
        },
      ],
    }),
  ],
  ["asked for the port by its plan", portSight(6379)],
])("of the job that %s, the calls that took it come first", (_, sight) => {
  const { condition, steps: own } = reproOf(start(refusedBy(ALLOCATED), sight));
  expect(steps(condition)).toEqual([
    "w1j2 network.create",
    "w1j2 container.create",
    "w1j2 container.start",
  ]);
  expect(own.map(({ operation }) => operation.kind)).toEqual([
    "network.create",
    "container.create",
  ]);
});

test("a container of no job is stood in for by one of the script's own", () => {
  const sight = portSight(6379, {
    containers: [
      {
        container: "somebody-elses",
        run: null,
        job: null,
        running: true,
        hostIp: "0.0.0.0",
        hostPort: 6379,
        containerPort: 6379,
      },
    ],
  });
  const { condition } = reproOf(start(refusedBy(ALLOCATED), sight), { request: { ns: [1] } });
  expect(condition).toMatchObject({ kind: "container", port: { hostPort: 6379 } });
});

test.each([
  [
    "network.create",
    "all predefined address pools have been fully subnetted",
    { about: "subnets", networks: [] },
    "fill-pools",
  ],
  [
    "container.create",
    'Conflict. The container name "/x" is already in use by container "ab12".',
    { about: "name", kind: "container", name: "x", holders: null },
    "twice",
  ],
] as const)("a %s refused with %j has its condition", (operation, words, sight, kind) => {
  const service = operation === "container.create" ? { service: "redis" } : {};
  const trouble = { job: "w1j1", operation, ...service, answer: refusedBy(words), sights: [sight] };
  expect(reproOf(trouble).condition).toEqual({ kind });
});

test("a call without an answer is expected to get none again, from a daemon that is stopped", () => {
  const timeout: Answer = { kind: "unknown", reason: "timeout", message: "no answer within 1m00s" };
  const seen: Sight = { about: "daemon", state: "T", pid: 7, answers: false, goroutines: null };
  const { condition, expected } = reproOf(start(timeout, seen));
  expect(condition).toEqual({ kind: "paused-daemon" });
  expect(expected).toEqual({ kind: "no-answer" });
});

test("without evidence the likeliest condition is made, and called assumed", () => {
  const { condition, assumed } = reproOf(start(inUse));
  expect(condition).toMatchObject({ kind: "hold", by: { kind: "outbound" } });
  expect(assumed).toBe(true);
  const shown = reproOf(addPort({ host: [socket(6379, {})] }));
  expect(shown.assumed).toBe(false);
});

test("words that no signature names are expected as they are, without numbers and names", () => {
  const { condition, expected } = reproOf(
    start(refusedBy("flux stress-k3x9-w1j1-redis drained after 17 parsecs")),
  );
  expect(condition.kind).toBe("none");
  expect(expected).toEqual({ kind: "refused", fragments: ["flux", "drained after", "parsecs"] });
});

test.each([
  ["had ended", exitedEarly({ service: "redis", exitCode: 1, tail: "" }), "harness", "exited"],
  ["closed every connection", "read ECONNRESET", "service", "closed"],
  ["refused every connection", "connect ECONNREFUSED 127.0.0.1:32770", "service", "refused"],
  ["was slow", "not ready within 60s: it said nothing", "service", "any"],
] as const)("a service that %s is expected to do so again", (_, words, by, how) => {
  const trouble: Trouble = {
    job: "w1j1",
    operation: "ready",
    service: "redis",
    answer: refusedBy(words, by),
  };
  const { expected } = reproOf(trouble, { request: { modes: ["ports"] } });
  expect(expected).toEqual({ kind: "not-ready", how });
});

test("every name of the run is a placeholder, and only that", () => {
  const { steps: own, placeholders, failing } = reproOf(addPort({}));
  const text = JSON.stringify([own, failing]);
  expect(text).not.toContain("k3x9");
  expect(text).toContain(`stress-${placeholders.run.mark}-w1j1-redis`);
  expect(text).toContain(placeholders.owner.mark);
});

test("a journal of version 1 has no calls to repeat", () => {
  const old = journalOf({
    arms: [arm("ports", 2)],
    waves: [
      { arm: "ports", wrong: { 1: [refused("container.start", "mysql", portTaken(32770))] } },
    ],
  });
  expect(() => repro(history(old), "w1j1")).toThrow(/version 1/);
});

test("a job that did not fail, and one that failed in its identity check, cannot be repeated", () => {
  const trouble = {
    job: "w1j1",
    operation: "identity",
    service: "redis",
    answer: refusedBy("redis held the nonce of another job", "harness"),
  } as const;
  const run = history(recorded({ request: { modes: ["ports"] }, troubles: [trouble] }));
  expect(() => repro(run, "w1j2")).toThrow("job w1j2 did not fail: there is nothing to repeat");
  expect(() => repro(run, "w1j1")).toThrow(/identity check.*`stress explain`/);
});

/** What the process printed; `refused` by the daemon, whose words stand in it. */
const ofRunner = (runner: "github" | "compose", trouble: Omit<Trouble, "job">) =>
  reproOf(
    { job: "w1j1", ...trouble },
    { request: { arms: [{ mode: "ports-fixed", n: 1, runner }] } },
  );

test("what a runner's process failed at is repeated as our own calls, by the daemon's own words", () => {
  const printed = `Error response from daemon: ${portTaken(6379)}\nError: failed to start containers: x`;
  const { steps, failing, expected } = ofRunner("github", {
    operation: "container.start",
    service: "redis",
    answer: refusedBy(printed),
  });
  expect(steps.map(({ operation }) => operation.kind)).toEqual([
    "network.create",
    "container.create",
  ]);
  expect(failing.operation).toEqual({
    kind: "container.start",
    service: "redis",
    container: "stress-REPRORUN-w1j1-redis",
  });
  expect(expected).toEqual(reproOf(start(inUse)).expected);
});

test.each([
  [portTaken(6379).replace("w1j01-mysql", "w1j1-redis"), "container.start"],
  [
    'Conflict. The container name "/stress-k3x9-w1j1-redis" is already in use by container "4f0c". You have to remove (or rename) that container to be able to reuse that name.',
    "container.create",
  ],
  ["all predefined address pools have been fully subnetted", "network.create"],
] as const)("of a stack that one process made, the words tell the call: %#", (words, kind) => {
  const printed = ` Network stress-k3x9-w1j1  Creating\nError response from daemon: ${words}\n`;
  const { failing } = ofRunner("compose", { operation: "stack.up", answer: refusedBy(printed) });
  expect(failing.operation.kind).toBe(kind);
});

test("a runner's wait that failed is no call that a script could repeat", () => {
  const unhealthy = "container stress-k3x9-w1j1-redis is unhealthy";
  expect(() =>
    ofRunner("compose", { operation: "stack.up", answer: refusedBy(unhealthy) }),
  ).toThrow("job w1j1 failed at stack.up, for which its request has no call to the engine");
  expect(() => ofRunner("github", { operation: "health", answer: refusedBy(unhealthy) })).toThrow(
    "job w1j1 failed at health",
  );
});
