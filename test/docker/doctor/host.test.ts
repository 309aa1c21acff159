/**
 * What a machine without an engine shows of itself: processes, connections, resolvers, settings.
 */
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseHost } from "../../../docker/client/find-engine.ts";
import { machineSeen } from "../../../docker/doctor/machine-seen.ts";
import { inNamespace } from "../../../docker/evidence/namespace.ts";
import { isRoot } from "../../../docker/managed/host-needs.ts";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { diagnose } from "../../../harness/core/doctor/diagnosis.ts";
import { millis } from "../../../harness/core/units.ts";
import { QUIET_FACTS } from "../../harness/core/doctor/quiet-facts.ts";
import { inFreshNamespace } from "../evidence/private-namespace.ts";
import { daemonAt, detachedRootlesskit, listener } from "../evidence/processes-of-a-test.ts";
import { checkIn, factsOf, lookInto, tcp } from "./provoked.ts";

test("a process that listens on the port is named with pid, user and command", async () => {
  const { pid, port } = await listener("nginx", "--daemon", "off");
  const facts = await factsOf({ asked: tcp(port) });
  const check = checkIn(facts, "host-process");
  const user = userInfo().username;
  expect(check).toMatchObject({
    status: "problem",
    blocks: true,
    commands: [`kill ${String(pid)}  # nginx (pid ${String(pid)}, user ${user})`],
  });
  expect(check.evidence).toHaveLength(1);
  expect(check.evidence[0]).toMatch(
    new RegExp(
      `^listen 127\\.0\\.0\\.1:${String(port)} by nginx \\(pid ${String(pid)}, user ${user}\\): nginx .*--daemon off$`,
    ),
  );
  expect(diagnose(facts, "test").verdict).toBe("no-engine");
});

test("a listener on another address is shown, and is no problem", async () => {
  const { port } = await listener("nginx");
  const check = checkIn(await factsOf({ asked: tcp(port, "127.0.0.2") }), "host-process");
  expect(check.status).toBe("ok");
  expect(check.evidence).toHaveLength(1);
});

test("a port of UDP is another port than that of TCP", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => {
    socket.close();
  });
  const { port } = socket.address();
  const held = checkIn(
    await factsOf({ asked: { port, address: null, protocol: "udp" } }),
    "host-process",
  );
  expect(held.status).toBe("problem");
  expect(held.evidence[0]).toContain(`bound 127.0.0.1:${String(port)} by `);
  expect(checkIn(await factsOf({ asked: tcp(port) }), "host-process").status).toBe("ok");
});

test("the port of an outbound connection is found where no listener is, with the command that reserves it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(client, "connect");
  onTestFinished(() => void client.destroy());
  const port = client.localPort ?? 0;
  const facts = await factsOf({ asked: tcp(port) });
  expect(checkIn(facts, "host-process").status).toBe("ok");
  const check = checkIn(facts, "connections");
  // Both ends have ports of the same range: which one connected cannot be seen from outside.
  expect(check.status).toBe("warning");
  expect(check.evidence.join("\n")).toMatch(
    new RegExp(`established 127.0.0.1:${String(port)} → .* by .*pid ${String(process.pid)}`),
  );
  expect(check.commands[0]).toMatch(
    new RegExp(`^sysctl -w net\\.ipv4\\.ip_local_reserved_ports=(?:.*,)?${String(port)}$`),
  );
});

test("a port that another engine holds is put to that engine", async () => {
  const { pid, port } = await listener("rootlesskit");
  const facts = await factsOf({ asked: tcp(port) });
  expect(checkIn(facts, "host-process").status).toBe("ok");
  expect(checkIn(facts, "other-engine")).toMatchObject({
    status: "problem",
    evidence: [expect.stringContaining(`by rootlesskit (pid ${String(pid)}, `) as unknown],
  });
});

/** Listens on one address of port 53 with TCP and UDP, says so, and stays. */
const RESOLVER = `
  const address = "127.0.0.53";
  const server = require("node:net").createServer().listen(53, address, () =>
    require("node:dgram").createSocket("udp4").bind(53, address, () => console.log("up")));
  process.stdin.resume();
`;

test("a resolver's stub on 127.0.0.53 blocks port 53 on all addresses, and none on the host's own", async () => {
  const { pid } = await inFreshNamespace(["net"], [process.execPath, "-e", RESOLVER]);
  const verdictOn = async (address: string | null, protocol: "tcp" | "udp") => {
    const asked = { port: 53, address, protocol };
    const outer = await lookInto({ kind: "pid", pid }, asked);
    return checkIn({ ...QUIET_FACTS, asked, outer }, "resolver");
  };
  const blocked = await verdictOn(null, "udp");
  expect(blocked).toMatchObject({ status: "problem", blocks: true });
  expect(blocked.evidence).toEqual([
    expect.stringContaining("listen 127.0.0.53:53 by node") as unknown,
    expect.stringContaining("bound 127.0.0.53:53 by node") as unknown,
  ]);
  expect(blocked.commands[0]).toContain("DNSStubListener=no");
  expect((await verdictOn(null, "tcp")).status).toBe("problem");
  expect((await verdictOn("192.0.2.1", "udp")).status).toBe("ok");
  const preflight = await lookInto({ kind: "pid", pid }, null);
  expect(checkIn({ ...QUIET_FACTS, outer: preflight }, "resolver").status).toBe("warning");
});

const set = (pid: number, setting: string): Promise<string> =>
  inNamespace({ kind: "pid", pid }, "sysctl", ["-w", setting], AbortSignal.timeout(5000));

test("a privileged port is the kernel's word, and the printed command changes it", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  const processes =
    QUIET_FACTS.processes === null ? null : { ...QUIET_FACTS.processes, bindsPrivileged: false };
  const look = async () => {
    const outer = await lookInto({ kind: "pid", pid }, tcp(80));
    return checkIn({ ...QUIET_FACTS, processes, asked: tcp(80), outer }, "privileged-port");
  };
  const before = await look();
  expect(before).toMatchObject({ status: "problem", blocks: true });
  expect(before.evidence[0]).toBe("net.ipv4.ip_unprivileged_port_start = 1024");
  const [command = ""] = before.commands;
  expect(command).toBe("sysctl -w net.ipv4.ip_unprivileged_port_start=80");
  await set(pid, command.split(" ")[2] ?? "");
  expect((await look()).status).toBe("ok");
});

test("without IPv6 a port of [::1] cannot be published", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  const look = async (address: string | null) => {
    const asked = tcp(8080, address);
    return checkIn(
      { ...QUIET_FACTS, asked, outer: await lookInto({ kind: "pid", pid }, asked) },
      "address-families",
    );
  };
  expect((await look("::1")).status).toBe("ok");
  await set(pid, "net.ipv6.conf.all.disable_ipv6=1");
  expect(await look("::1")).toMatchObject({ status: "problem", blocks: true });
  expect(await look(null)).toMatchObject({
    status: "ok",
    meaning: expect.stringContaining("IPv4 alone") as unknown,
  });
});

test("the range of ports that two namespaces share is named, and the printed command parts them", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  const enter = ["nsenter", "--target", String(pid), "--net"];
  const processes = QUIET_FACTS.processes === null ? null : { ...QUIET_FACTS.processes, enter };
  const look = async () => {
    const inner = await lookInto({ kind: "pid", pid }, null);
    return checkIn({ ...QUIET_FACTS, processes, inner }, "port-range");
  };
  await set(pid, "net.ipv4.ip_local_port_range=32768 60999");
  const before = await look();
  expect(before.status).toBe("warning");
  expect(before.evidence).toContain("both: 32768–60999");
  const [, setting = ""] = /sysctl -w '([^']+)'$/.exec(before.commands[0] ?? "") ?? [];
  await set(pid, setting);
  expect((await look()).status).toBe("ok");
});

test("a user without a range in /etc/subuid is told the command that gives one", async () => {
  const machine = await machineSeen({ uid: 65_534, name: "nobody" });
  const check = checkIn({ ...QUIET_FACTS, machine }, "subordinate-ids");
  expect(check.status).toBe("problem");
  expect(check.evidence[0]).toBe("/etc/subuid: 0 ids for ada");
  expect(check.commands[0]).toMatch(/^usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ ada$/);
});

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const fakeEngine = async (version: string) => {
  const engine = await startFakeEngine({ socketPath: join(scratch(), "docker.sock"), version });
  onTestFinished(() => engine.stop());
  const address = parseHost(`unix://${engine.socketPath}`, "test");
  return await factsOf({ address, missing: null, asked: tcp(8080) });
};

test("an engine that takes connections and says nothing is no engine, and its process is named", async () => {
  const socketPath = join(scratch(), "docker.sock");
  const pid = await daemonAt(socketPath);
  const facts = await factsOf({
    address: parseHost(`unix://${socketPath}`, "test"),
    missing: null,
    patience: millis(200),
  });
  expect(diagnose(facts, "test").verdict).toBe("no-engine");
  expect(checkIn(facts, "engine").evidence.slice(0, 2)).toEqual([
    expect.stringContaining("no answer within 200ms") as unknown,
    `dockerd runs all the same: pid ${String(pid)} of ${userInfo().username}`,
  ]);
});

test("an engine that was not asked is named with the socket that its daemon was told to serve", async () => {
  const socketPath = join(scratch(), "docker.sock");
  const pid = await daemonAt(socketPath, ["-H", `unix://${socketPath}`]);
  const facts = await factsOf({ address: null, missing: "no Docker engine found" });
  const engine = checkIn(facts, "engine");
  expect(engine.evidence).toContain(
    `a rootful engine runs as pid ${String(pid)} of ${userInfo().username}: --host unix://${socketPath}`,
  );
  expect(engine.commands).toContain(`stress doctor --host unix://${socketPath}`);
});

test("an engine that does not retry a dynamic port is known by its version", async () => {
  const facts = await fakeEngine("29.0.4");
  const check = checkIn(facts, "known-engine");
  expect(check.status).toBe("warning");
  expect(check.evidence.join("\n")).toContain("does not retry a dynamic port");
  expect(checkIn(await fakeEngine("28.5.2"), "known-engine").status).toBe("ok");
});

test("29.0.4 with the slirp4netns port driver fails at every port, and the moby issue is named", async () => {
  const { daemon, ...facts } = await fakeEngine("29.0.4");
  if (daemon === null) throw new Error("the fake engine does not answer");
  const check = checkIn(
    { ...facts, daemon: { ...daemon, portDriver: "slirp4netns" } },
    "known-engine",
  );
  expect(check).toMatchObject({ status: "problem", blocks: true });
  expect(check.evidence[0]).toContain("moby#51591");
});

test("of an engine whose processes cannot be seen, what needs them is unknown and nothing is well by mistake", async () => {
  const facts = await fakeEngine("28.5.2");
  const { checks, verdict } = diagnose(facts, "test");
  const unknown = checks.filter(({ status }) => status === "unknown").map(({ id }) => id);
  expect(unknown).toContain("leaked-forward");
  expect(unknown).toContain("hairpin");
  expect(verdict).toBe("unread");
});

test.skipIf(!isRoot())(
  "root reads the range of an engine whose network namespace is detached",
  async () => {
    const { parent } = await detachedRootlesskit(scratch(), [41_000, 41_999]);
    const { otherEngines } = await factsOf({});
    expect(otherEngines?.find(({ pid }) => pid === parent)?.portRange).toEqual([41_000, 41_999]);
  },
);
