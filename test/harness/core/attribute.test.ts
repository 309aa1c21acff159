import { expect, test } from "vitest";
import { attribute, type Failed } from "../../../harness/core/attribute.ts";
import type { FailureClass } from "../../../harness/core/classes.ts";
import type { EventOf } from "../../../harness/core/events.ts";
import type { Holder, PortUser, Sight, SocketState } from "../../../harness/core/evidence.ts";
import { millis } from "../../../harness/core/units.ts";
import { emptySight, portTaken, RUN_ID, socket } from "./history.ts";

const PORT = 32_771;

const failedWith = (name: FailureClass, message = portTaken(PORT)): Failed => ({
  class: name,
  message,
  run: RUN_ID,
  job: "w1j01",
  rivals: [],
  hostPortRange: [32_768, 60_999],
});

const IN_USE = failedWith("port.rootlesskit_addport_in_use");

const lookAt = (sight: Sight): EventOf<"looked"> => ({
  event: "looked",
  at: millis(1007),
  wave: 1,
  job: "w1j01",
  operation: "container.start",
  service: "mysql",
  failedAt: millis(1000),
  beganAt: millis(1002),
  sight,
});

const found = (sight: Sight, failed: Failed = IN_USE) => attribute(failed, [lookAt(sight)]);

const holder = (part: Holder["part"]): Holder => ({
  pid: 99,
  uid: 0,
  user: "root",
  command: "/usr/sbin/nginx -g daemon",
  part,
});

const listener = (part: Holder["part"] | null) =>
  socket(PORT, {
    localAddress: "0.0.0.0",
    remoteAddress: "0.0.0.0",
    remotePort: 0,
    state: "listen",
    holder: part === null ? null : holder(part),
  });

const user = (seen: Partial<PortUser> = {}): PortUser => ({
  container: "web",
  run: null,
  job: null,
  running: true,
  hostIp: "0.0.0.0",
  hostPort: PORT,
  containerPort: 80,
  ...seen,
});

const forward = {
  id: 7,
  protocol: "tcp",
  parentIp: "0.0.0.0",
  parentPort: PORT,
  childIp: null,
  childPort: PORT,
};

test.each<[string, Partial<ReturnType<typeof emptySight>>, string, string]>([
  ["an outbound connection", { host: [socket(PORT)] }, "outbound_connection", "shown"],
  ["a listener of the host", { host: [listener("none")] }, "host_listener", "shown"],
  [
    "a listener that may not be looked into",
    { host: [listener(null)] },
    "host_listener",
    "inferred",
  ],
  [
    "a closed connection",
    { host: [socket(PORT, { state: "time-wait", holder: null })] },
    "time_wait",
    "shown",
  ],
  ["another engine's listener", { host: [listener("other-engine")] }, "other_engine", "shown"],
  [
    "a listener of a user who runs another engine",
    {
      host: [listener(null)],
      otherEngines: [
        { pid: 5, uid: 1000, user: "ci2", rootless: true, command: "rootlesskit dockerd" },
      ],
    },
    "other_engine",
    "inferred",
  ],
  [
    "a container of this engine",
    { host: [listener("this-engine")], forwards: [forward], containers: [user()] },
    "same_engine_container",
    "shown",
  ],
  [
    "a container of another job",
    {
      host: [listener("this-engine")],
      containers: [user({ run: RUN_ID, job: "w1j02", container: "stress-w1j02-redis" })],
    },
    "same_run",
    "shown",
  ],
  [
    "a connection of the harness",
    { host: [socket(PORT, { holder: holder("harness") })] },
    "own_probe",
    "shown",
  ],
  [
    "a forward without a container",
    { host: [listener("this-engine")], forwards: [forward] },
    "leaked_forward",
    "shown",
  ],
  [
    "a rule without a container",
    {
      rules: [{ backend: "iptables-nft", chain: "DOCKER", line: 3, rule: "DNAT tcp dpt:32771" }],
    },
    "orphan_rule",
    "inferred",
  ],
  ["nobody any more", {}, "gone", "shown"],
])("%s is found to have held the port", (_, seen, cause, certainty) => {
  expect(found(emptySight(PORT, seen))).toMatchObject({ cause, certainty, after: 2 });
});

test("the sentence names the connection, its process and its user", () => {
  expect(found(emptySight(PORT, { host: [socket(PORT)] })).sentence).toBe(
    "127.0.0.1:32771 → 127.0.0.1:5432 (established) of node (pid 4711, user ci)",
  );
});

test("that nobody held it any more is said with the time that had passed", () => {
  expect(found(emptySight(PORT)).sentence).toBe("port 32771, 7.0ms after the failure");
});

test("a listener counts before the connections that it accepted", () => {
  const accepted = socket(PORT, { remotePort: 50_000 });
  expect(found(emptySight(PORT, { host: [accepted, listener("none")] })).cause).toBe(
    "host_listener",
  );
});

test("a live connection counts before one in TIME_WAIT", () => {
  const host = [socket(PORT, { state: "time-wait", holder: null }), socket(PORT)];
  expect(found(emptySight(PORT, { host })).cause).toBe("outbound_connection");
});

test.each<SocketState>(["syn-sent", "close-wait", "fin-wait-2", "last-ack"])(
  "a connection in state %s holds its port too",
  (state) => {
    expect(found(emptySight(PORT, { host: [socket(PORT, { state })] })).cause).toBe(
      "outbound_connection",
    );
  },
);

test("for words about tcp6 the IPv6 socket is the holder", () => {
  const words = "listen tcp6 [::]:32771: bind: address already in use";
  const six = socket(PORT, {
    family: 6,
    localAddress: "::1",
    state: "listen",
    holder: holder("none"),
  });
  const four = socket(PORT, { state: "listen", holder: holder("other-engine") });
  const sight = emptySight(PORT, { hostIp: "::", host: [four, six] });
  expect(found(sight, failedWith("port.rootlesskit_addport_in_use", words)).cause).toBe(
    "host_listener",
  );
});

test.each<[string, Partial<ReturnType<typeof emptySight>>]>([
  [
    "a listener of the other family",
    { host: [socket(PORT, { family: 6, localAddress: "::1", state: "listen" })] },
  ],
  [
    "a connection of the other family",
    { host: [socket(PORT, { family: 6, localAddress: "fd00::2", remoteAddress: "fd00::3" })] },
  ],
  [
    "a listener on another address",
    { hostIp: "127.0.0.1", host: [{ ...listener("none"), localAddress: "192.168.1.5" }] },
  ],
  [
    "a container on another loopback address",
    { hostIp: "127.0.0.1", containers: [user({ hostIp: "127.0.0.5" })] },
  ],
  ["a forward of the other family", { forwards: [{ ...forward, parentIp: "::" }] }],
])("%s is not in the way", (_, seen) => {
  expect(found(emptySight(PORT, seen)).cause).toBe("gone");
});

test("the socket that blocks is named, whatever else has the number in the other family", () => {
  const other = socket(PORT, { family: 6, localAddress: "::1", state: "listen" });
  expect(found(emptySight(PORT, { host: [other, socket(PORT)] })).cause).toBe(
    "outbound_connection",
  );
});

test("a connection on a port that the kernel hands to nobody may have been accepted: it is inferred", () => {
  const low = socket(6379, { remotePort: 45_001 });
  const words = "listen tcp4 0.0.0.0:6379: bind: address already in use";
  expect(
    found(emptySight(6379, { host: [low] }), failedWith("port.rootlesskit_addport_in_use", words)),
  ).toMatchObject({ cause: "outbound_connection", certainty: "inferred" });
});

test("a listener on [::] that may take IPv4 as well is inferred", () => {
  const six = { ...listener("none"), family: 6 as const, localAddress: "::" };
  expect(found(emptySight(PORT, { host: [six] }))).toMatchObject({
    cause: "host_listener",
    certainty: "inferred",
  });
});

test("the failed container's own wish for the port is not taken for its holder", () => {
  const own = user({ run: RUN_ID, job: "w1j01", running: true });
  const stopped = user({ run: RUN_ID, job: "w1j02", running: false });
  expect(found(emptySight(PORT, { containers: [own, stopped] })).cause).toBe("gone");
});

test.each([
  ["bound", "shown"],
  ["starting", "inferred"],
] as const)(
  "a forward whose container is not listed yet is that of the job that has it %s",
  (how, certainty) => {
    const rivals = [{ job: "w1j02", service: "redis", hostIp: "", how }];
    const sight = emptySight(PORT, { host: [listener("this-engine")], forwards: [forward] });
    expect(found(sight, { ...IN_USE, rivals })).toMatchObject({ cause: "same_run", certainty });
  },
);

test("what the daemon's table says is looked for in its containers, not in sockets", () => {
  const failed = failedWith(
    "port.already_allocated",
    "Bind for 0.0.0.0:6379 failed: port is already allocated",
  );
  const containers = [user({ run: RUN_ID, job: "w1j02" })];
  expect(found(emptySight(PORT, { host: [socket(PORT)], containers }), failed).cause).toBe(
    "same_run",
  );
});

test("a listener inside the daemon's namespace that is no proxy is a container with the host's network", () => {
  const inside = (command: string) => ({
    ...listener("this-engine"),
    holder: { ...holder("this-engine"), command },
  });
  expect(found(emptySight(PORT, { engine: [inside("redis-server *:6379")] }))).toMatchObject({
    cause: "same_engine_container",
    certainty: "inferred",
  });
  expect(
    found(emptySight(PORT, { engine: [inside("docker-proxy -container-ip 172.18.0.2")] })).cause,
  ).toBe("gone");
});

test("a privileged port is shown by the sysctl, and inferred without it", () => {
  const failed = failedWith("port.permission_privileged", "cannot expose privileged port 80");
  expect(found(emptySight(80), failed)).toMatchObject({ cause: "privileged", certainty: "shown" });
  expect(found(emptySight(80, { unprivilegedStart: null }), failed)).toMatchObject({
    cause: "privileged",
    certainty: "inferred",
  });
});

test.each<[string, FailureClass, Partial<ReturnType<typeof emptySight>>]>([
  ["the host's sockets", "port.rootlesskit_addport_in_use", { host: null }],
  ["the engine's containers", "port.rootlesskit_addport_in_use", { containers: null }],
  ["the engine's containers", "port.already_allocated", { containers: null }],
  ["RootlessKit's forwards", "port.rootlesskit_conflict_id", { forwards: null }],
])("where %s cannot be read, nobody is not said to have been there", (what, name, seen) => {
  const attribution = found(emptySight(PORT, seen), failedWith(name));
  expect(attribution).toMatchObject({ cause: null, certainty: "open" });
  expect(attribution.sentence).toContain(`${what} could not be read`);
});

test("a forward whose container could not be looked for is not called leaked", () => {
  const seen = { host: [listener("this-engine")], containers: null };
  expect(found(emptySight(PORT, seen))).toMatchObject({ cause: null, certainty: "open" });
});

test("a proxy that did not report is no sign that the port was taken", () => {
  const failed = failedWith(
    "port.userland_proxy_timeout",
    "Timed out proxy starting the userland proxy",
  );
  expect(found(emptySight(PORT), failed)).toMatchObject({ cause: null, certainty: "open" });
});

test("a port that is not privileged here is not called so", () => {
  const failed = failedWith("port.permission_privileged", "cannot expose privileged port 8080");
  expect(found(emptySight(8080, { unprivilegedStart: 80 }), failed).cause).toBeNull();
});

test("a failure that nothing was looked at for has no cause and no delay", () => {
  expect(attribute(IN_USE, [])).toEqual({
    cause: null,
    certainty: "open",
    sentence: "nothing was looked at",
    after: null,
  });
});

test("of several looks the one that found somebody counts", () => {
  const looks = [emptySight(1), emptySight(PORT, { forwards: [forward] }), emptySight(2)].map(
    lookAt,
  );
  const failed = failedWith("port.rootlesskit_conflict_id", "conflict with ID 7");
  expect(attribute(failed, looks).cause).toBe("leaked_forward");
});

test("networks that hold every subnet are counted by whose they are", () => {
  const networks = [
    { name: "bridge", subnets: ["172.17.0.0/16"], run: null },
    { name: "host", subnets: [], run: null },
    { name: "a", subnets: ["172.18.0.0/16"], run: RUN_ID },
    { name: "b", subnets: ["172.19.0.0/16"], run: "older" },
  ];
  expect(
    found({ about: "subnets", networks }, failedWith("network.subnet_exhausted")),
  ).toMatchObject({
    cause: "subnets_taken",
    certainty: "inferred",
    sentence:
      "3 networks listed with a subnet: 1 of this run, 1 of other runs, 1 others; those in the making hold theirs unlisted",
  });
});

test("a name is taken by whoever has it, and gone if nobody has", () => {
  const sight = (holders: readonly { run: string | null; job: string | null }[]) => ({
    about: "name" as const,
    kind: "container" as const,
    name: "x",
    holders: holders.map((each) => ({
      id: "4f0c".repeat(16),
      name: "x",
      createdAt: "2026-11-21T04:00:00.000Z",
      ...each,
    })),
  });
  const failed = failedWith("container.name_conflict");
  expect(found(sight([{ run: null, job: null }]), failed).cause).toBe("name_taken");
  expect(found(sight([]), failed).cause).toBe("gone");
});

test.each([
  ["T", false, "daemon.hang", "daemon_paused", "shown"],
  ["gone", false, "daemon.connection_lost", "daemon_gone", "shown"],
  ["Z", false, "daemon.unreachable", "daemon_gone", "shown"],
  ["S", false, "daemon.hang", "daemon_busy", "shown"],
  ["S", true, "daemon.hang", "daemon_busy", "inferred"],
  [null, false, "daemon.unreachable", "daemon_gone", "inferred"],
  [null, false, "daemon.hang", null, "open"],
  ["S", true, "daemon.connection_lost", null, "open"],
  ["S", true, "readiness.timeout", null, "open"],
  ["S", true, "readiness.connection_refused", null, "open"],
  ["gone", false, "readiness.connection_refused", "daemon_gone", "shown"],
] as const)(
  "a daemon in state %s (answers: %s) at %s is %s",
  (state, answers, name, cause, certainty) => {
    const sight = {
      about: "daemon",
      state,
      pid: state === null ? null : 12,
      answers,
      goroutines: null,
    } as const;
    expect(found(sight, failedWith(name, "words"))).toMatchObject({ cause, certainty });
  },
);

test("a refused connection is not called the service's own doing: it may be out of reach", () => {
  const sight = { about: "daemon", state: "S", pid: 12, answers: true, goroutines: null } as const;
  expect(found(sight, failedWith("readiness.connection_refused", "words")).sentence).toBe(
    "the daemon answered (state S), the connection was refused: nothing listened on the port, or it is not reached from where the probe is",
  );
});
