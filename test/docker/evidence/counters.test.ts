import { expect, test } from "vitest";
import { interfacesIn, readCounters } from "../../../docker/evidence/counters.ts";
import { engineUnder } from "../../../docker/evidence/engine-under.ts";
import { inNamespace } from "../../../docker/evidence/namespace.ts";
import { inFreshNamespace, needNetworkPrograms } from "./private-namespace.ts";
import { listener } from "./processes-of-a-test.ts";

needNetworkPrograms();

test("what is made in a namespace is counted there", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  const namespace = { kind: "pid", pid } as const;
  const { pid: daemonPid } = await listener("dockerd-look-alike");
  const engine = { ...(await engineUnder(null)), namespace, daemonPid };
  const forwards = () => Promise.resolve([]);
  const before = await readCounters(engine, forwards);
  expect(before).toMatchObject({ forwards: 0, bridges: 0, veths: 0, natRules: 0 });
  expect(before.listeningSockets).toBeGreaterThan(0);
  expect(before.daemonThreads).toBeGreaterThan(1);
  expect(before.daemonFileDescriptors).toBeGreaterThan(3);
  for (const command of [
    "ip link add br-1234 type bridge",
    "ip link add veth1 type veth peer name veth2",
    "iptables-nft -t nat -A POSTROUTING -s 172.18.0.0/16 -j MASQUERADE",
  ]) {
    const [program = "", ...args] = command.split(" ");
    await inNamespace(namespace, program, args, AbortSignal.timeout(5000));
  }
  expect(await readCounters(engine, forwards)).toMatchObject({ bridges: 1, veths: 2, natRules: 1 });
});

test("a connection that is tracked is an entry", async () => {
  const { pid } = await inFreshNamespace(["net"]);
  const namespace = { kind: "pid", pid } as const;
  const engine = { ...(await engineUnder(null)), namespace };
  const entries = async () =>
    (await readCounters(engine, () => Promise.resolve(null))).conntrackEntries;
  const perform = (program: string, ...args: readonly string[]) =>
    inNamespace(namespace, program, args, AbortSignal.timeout(5000));
  // A rule that asks for the state of connections is what makes the kernel track them.
  await perform("iptables-nft", ...["-A", "INPUT", "-m", "conntrack", "--ctstate", "NEW"]);
  expect(await entries()).toBe(0);
  const script = `
    const server = require("node:net").createServer((socket) => { socket.end(); server.close(); });
    server.listen(0, "127.0.0.1", () =>
      require("node:net").connect(server.address().port, "127.0.0.1").resume());
  `;
  await perform(process.execPath, "-e", script);
  expect(await entries()).toBe(1);
});

test("of an engine that is not visible, nothing is counted but this machine's sockets", async () => {
  const counters = await readCounters(await engineUnder(null), () => Promise.resolve(null));
  expect(counters).toEqual({
    listeningSockets: expect.any(Number) as unknown,
    forwards: null,
    bridges: null,
    veths: null,
    natRules: null,
    conntrackEntries: null,
    daemonThreads: null,
    daemonFileDescriptors: null,
  });
});

test("interfaces are named before the colon", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 1204 14 0
br-0a1b2c: 0 0 0
vethab1:17 0 0
`;
  expect(interfacesIn(text)).toEqual(["lo", "br-0a1b2c", "vethab1"]);
});
