import { expect, test } from "vitest";
import { diagnose, type CheckResult } from "../../../../harness/core/doctor/diagnosis.ts";
import type { DoctorFacts } from "../../../../harness/core/doctor/facts.ts";
import type { SocketSeen } from "../../../../harness/core/evidence.ts";
import { ASKED, QUIET_FACTS, QUIET_NAMESPACE } from "./quiet-facts.ts";

const LISTENER: SocketSeen = {
  family: 4,
  state: "listen",
  localAddress: "0.0.0.0",
  localPort: ASKED.port,
  remoteAddress: "0.0.0.0",
  remotePort: 0,
  uid: 1000,
  holder: null,
};

const REDIS = {
  pid: 4711,
  uid: 1000,
  user: "ada",
  command: "redis-server *:8080",
  part: "this-engine",
} as const;

const checkIn = (facts: DoctorFacts, id: string): CheckResult => {
  const check = diagnose(facts, "test").checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
};

const { daemon, processes } = QUIET_FACTS;

/** A container with `--network host` that runs on an engine with a detached namespace, as 29.6.0 has by default. */
const DETACHED: DoctorFacts = {
  ...QUIET_FACTS,
  asked: ASKED,
  processes: processes && { ...processes, hostNetwork: "host" },
  daemon: daemon && {
    ...daemon,
    version: "29.6.0",
    containers: [
      {
        ...{ name: "cache", state: "running", pid: 4711, hostNetwork: true },
        ...{ addresses: [], ports: [] },
      },
    ],
  },
  outer: { ...QUIET_NAMESPACE, sockets: [{ ...LISTENER, holder: REDIS }] },
  inContainers: [{ pid: 4711, container: "cache" }],
};

test("with a detached namespace a host-network container listens on the host itself", () => {
  expect(checkIn(DETACHED, "host-network")).toMatchObject({
    status: "problem",
    holder: "container cache, which uses the host's network",
    meaning: expect.stringContaining("on the host itself") as unknown,
  });
});

test("that only an engine's container listens is not called nobody", () => {
  const { status, meaning, evidence } = checkIn(DETACHED, "host-process");
  expect(status).toBe("ok");
  expect(meaning).toBe("Only an engine or a container of this engine listens there");
  expect(evidence).toHaveLength(1);
});

test("with a detached namespace it is the host's sockets that tell whether a host-network container listens", () => {
  const hidden = { ...LISTENER, uid: 0 };
  const facts = {
    ...DETACHED,
    outer: { ...QUIET_NAMESPACE, sockets: [hidden] },
    inContainers: [],
  };
  expect(checkIn(facts, "host-network")).toMatchObject({ status: "unknown" });
  expect(checkIn({ ...facts, outer: QUIET_NAMESPACE, inner: null }, "host-network")).toMatchObject({
    status: "ok",
  });
});

test("where host-network containers are is not assumed", () => {
  const facts = {
    ...DETACHED,
    processes: processes && { ...processes, hostNetwork: null },
    outer: QUIET_NAMESPACE,
    inContainers: [],
  };
  expect(checkIn(facts, "host-network")).toMatchObject({ status: "unknown" });
});

test("a listener that cannot be looked into may be another engine's", () => {
  const facts: DoctorFacts = {
    ...QUIET_FACTS,
    asked: ASKED,
    outer: { ...QUIET_NAMESPACE, sockets: [{ ...LISTENER, uid: 1001 }] },
    otherEngines: [
      {
        ...{ pid: 5001, uid: 1001, user: "eve", rootless: true },
        ...{ command: "rootlesskit --net=slirp4netns", portRange: null, host: null },
      },
    ],
  };
  const { status, meaning } = checkIn(facts, "other-engine");
  expect(status).toBe("unknown");
  expect(meaning).toBe(
    "whether another engine has the port (listen 0.0.0.0:8080 by a process of uid 1001 that cannot be looked into from here): run this as root",
  );
  expect(checkIn({ ...facts, otherEngines: [] }, "other-engine").status).toBe("unknown");
});
