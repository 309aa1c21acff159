import { rmSync, symlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bindsElsewhere, engineUnder } from "../../../docker/evidence/engine-under.ts";
import { otherEngines, partOf } from "../../../docker/evidence/engines.ts";
import { readProcesses } from "../../../docker/evidence/process-table.ts";
import { scratch } from "./answering.ts";
import { inFreshNamespace } from "./private-namespace.ts";
import { daemonAt, detachedRootlesskit, listener, rootlesskitWith } from "./processes-of-a-test.ts";

/** Part of each process, as seen beside the engine at a socket. */
const partsOf = async (socket: string, pids: readonly number[]) => {
  const engine = await engineUnder(socket);
  const processes = await readProcesses();
  if (processes === null) throw new Error("/proc cannot be read");
  return pids.map((pid) => {
    const seen = processes.get(pid);
    return seen === undefined ? "gone" : partOf(seen, { engine, processes });
  });
};

test("a rootful daemon is found by its socket, through a symbolic link too", async () => {
  const directory = scratch();
  const pid = await daemonAt(join(directory, "docker.sock"));
  const found = {
    daemonPid: pid,
    rootlesskitPid: null,
    rootless: false,
    userNamespace: null,
    namespace: { kind: "host" },
    hostNamespace: { kind: "host" },
    hostNetwork: "host",
    apiSocket: null,
  };
  expect(await engineUnder(join(directory, "docker.sock"))).toMatchObject(found);
  symlinkSync(directory, `${directory}-link`);
  onTestFinished(() => {
    rmSync(`${directory}-link`);
  });
  expect(await engineUnder(join(`${directory}-link`, "docker.sock"))).toMatchObject(found);
});

test("of two rootless engines, the one that serves the socket is found with all its parts", async () => {
  const [one, other] = [scratch(), scratch()];
  const pids = await rootlesskitWith(join(one, "docker.sock"), join(one, "state"));
  const others = await rootlesskitWith(join(other, "docker.sock"), join(other, "state"));
  const socket = join(one, "docker.sock");
  expect(await engineUnder(socket)).toMatchObject({
    rootlesskitPid: pids.parent,
    rootlesskitChildPid: pids.child,
    daemonPid: pids.daemon,
    rootless: true,
    namespace: { kind: "host" },
    hostNetwork: "engine",
    stateDir: join(one, "state"),
    apiSocket: join(one, "state", "api.sock"),
  });
  expect(await partsOf(socket, [pids.parent, pids.child, pids.daemon])).toEqual([
    "this-engine",
    "this-engine",
    "this-engine",
  ]);
  expect(await partsOf(socket, [others.parent, others.child, others.daemon, process.pid])).toEqual([
    "other-engine",
    "other-engine",
    "other-engine",
    "harness",
  ]);
  const seen = await otherEngines(await engineUnder(socket));
  expect(seen?.map(({ pid }) => pid)).not.toContain(pids.parent);
  expect(seen?.find(({ pid }) => pid === others.parent)).toEqual({
    pid: others.parent,
    uid: userInfo().uid,
    user: userInfo().username,
    rootless: true,
    command: expect.stringMatching(/^rootlesskit .*--state-dir=/) as unknown,
  });
  // Of a RootlessKit's daemon, the RootlessKit stands for both.
  expect(seen?.map(({ pid }) => pid)).not.toContain(others.daemon);
});

test("with a detached namespace the bridges are where a file says, and host networking is the machine's own", async () => {
  const directory = scratch();
  const { child } = await detachedRootlesskit(directory, [41_000, 41_999]);
  expect(await engineUnder(join(directory, "docker.sock"))).toMatchObject({
    namespace: { kind: "file", userPid: child },
    hostNamespace: { kind: "host" },
    hostNetwork: "host",
  });
});

test("an engine that binds its ports in another network namespace is told from one that may", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  expect(bindsElsewhere({ hostNamespace: { kind: "pid", pid } })).toBe(pid);
  expect(bindsElsewhere({ hostNamespace: { kind: "host" } })).toBeNull();
  // Nothing can be read of it, as of root's processes by an ordinary user.
  expect(bindsElsewhere({ hostNamespace: { kind: "pid", pid: 2 ** 22 + 1 } })).toBeNull();
});

test("nobody's process is nobody's part, and an orphan of Podman's is another engine's", async () => {
  const directory = scratch();
  await daemonAt(join(directory, "docker.sock"));
  const { pid } = await listener("sshd");
  const { pid: podmans } = await listener("/usr/lib/podman/rootlessport");
  const parts = await partsOf(join(directory, "docker.sock"), [pid, podmans]);
  expect(parts).toEqual(["none", "other-engine"]);
});

test("where no daemon serves, nothing is known and nothing invented", async () => {
  expect(await engineUnder("/nonexistent/docker.sock")).toEqual({
    daemonPid: null,
    rootlesskitPid: null,
    rootlesskitChildPid: null,
    rootless: null,
    userNamespace: null,
    namespace: null,
    hostNamespace: { kind: "host" },
    hostNetwork: null,
    stateDir: null,
    apiSocket: null,
  });
});
