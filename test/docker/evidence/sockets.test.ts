import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listeningPorts, readSockets, SocketTable } from "../../../docker/evidence/sockets.ts";
import { scratch } from "./answering.ts";
import { inFreshNamespace, needNetworkPrograms } from "./private-namespace.ts";

needNetworkPrograms();

const HEADING =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

const listenOn = async (host: string): Promise<{ server: Server; port: number }> => {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
};

/** A connection to a server of this test, as both of its ends. */
const connection = async (
  server: Server,
  port: number,
  host: string,
): Promise<{ client: Socket; accepted: Socket; clientPort: number }> => {
  const arrival = once(server, "connection") as Promise<[Socket]>;
  const client = connect(port, host);
  await once(client, "connect");
  const [accepted] = await arrival;
  onTestFinished(() => {
    client.destroy();
    accepted.destroy();
  });
  return { client, accepted, clientPort: client.localPort ?? 0 };
};

const hostSocketsOn = async (port: number) => (await readSockets({ kind: "host" }))?.onPort(port);

test.each([
  ["0100007F:8003 00000000:0000 0A", "127.0.0.1", "0.0.0.0", "listen"],
  ["0302017F:8003 0100000A:1F90 06", "127.1.2.3", "10.0.0.1", "time-wait"],
  [
    "B80D0120000000000000000001000000:8003 00000000000000000000000001000000:1F90 01",
    "2001:db8::1",
    "::1",
    "established",
  ],
  [
    "0000000000000000FFFF00000100007F:8003 0000000000000000FFFF00000100007F:1F90 08",
    "::ffff:127.0.0.1",
    "::ffff:127.0.0.1",
    "close-wait",
  ],
  [
    "00000000000000000000000000000000:8003 000080FE000000000000000067452301:1F90 02",
    "::",
    "fe80::123:4567",
    "syn-sent",
  ],
  [
    "B80D01200000010000000100DDCCBBAA:8003 00000000000001000000000001000000:1F90 0C",
    "2001:db8:1:0:1:0:aabb:ccdd",
    "0:0:1::1",
    "syn-recv",
  ],
])("the row %s is from %s to %s, %s", (row, localAddress, remoteAddress, state) => {
  const line = `   7: ${row} 00000000:00000000 00:00000000 00000000  1000        0 22 1 0 100 0`;
  const [socket] = new SocketTable(`${HEADING}\n${line}\n`).onPort(0x8003);
  expect(socket).toMatchObject({ localAddress, remoteAddress, state, uid: 1000, inode: 22 });
});

test("of a listener and its connection, address, port, state and family are those of the sockets", async () => {
  const { server, port } = await listenOn("127.0.0.1");
  const { clientPort } = await connection(server, port, "127.0.0.1");
  const ends = { localAddress: "127.0.0.1", remoteAddress: "127.0.0.1", family: 4 };
  const established = { ...ends, state: "established" };
  const listening = { ...ends, remoteAddress: "0.0.0.0", remotePort: 0, state: "listen" };
  expect(await hostSocketsOn(port)).toMatchObject([
    { ...listening, localPort: port },
    { ...established, localPort: port, remotePort: clientPort },
  ]);
  expect(await hostSocketsOn(clientPort)).toMatchObject([
    { ...established, localPort: clientPort, remotePort: port },
  ]);
});

test("a connection whose client closes first leaves the client's port in time-wait, held by nobody", async () => {
  const { server, port } = await listenOn("127.0.0.1");
  const { client, accepted, clientPort } = await connection(server, port, "127.0.0.1");
  accepted.resume();
  client.resume();
  client.end();
  await Promise.all([once(client, "close"), once(accepted, "close")]);
  const table = await readSockets({ kind: "host" });
  expect(table?.onPort(clientPort)).toMatchObject([{ state: "time-wait", uid: 0, inode: 0 }]);
});

test("a listener on IPv6 is told from what reaches it over IPv4", async () => {
  const { server, port } = await listenOn("::");
  await connection(server, port, "127.0.0.1");
  await connection(server, port, "::1");
  const sockets = await hostSocketsOn(port);
  expect(sockets?.map(({ family, localAddress }) => [family, localAddress])).toEqual(
    expect.arrayContaining([
      [6, "::"],
      [6, "::ffff:127.0.0.1"],
      [6, "::1"],
    ]),
  );
  expect(sockets).toHaveLength(3);
});

test("a port that is somebody's remote port is not taken for a local one", async () => {
  const { server, port } = await listenOn("127.0.0.1");
  const { clientPort } = await connection(server, port, "127.0.0.1");
  server.close();
  const states = (await hostSocketsOn(port))?.map(({ localPort, state }) => [localPort, state]);
  expect(states).toEqual([[port, "established"]]);
  expect(clientPort).not.toBe(port);
});

const LISTEN_ON_4711 = `
  require("node:net").createServer().listen(4711, "127.0.0.1", () => console.log("up"));
`;

test("a listener in another namespace is seen there, and not here", async () => {
  const { pid } = await inFreshNamespace(["net"], [process.execPath, "-e", LISTEN_ON_4711]);
  const theirs = await readSockets({ kind: "pid", pid });
  expect(theirs?.listening().map(({ localPort }) => localPort)).toEqual([4711]);
  expect(theirs?.all()).toHaveLength(1);
  const ours = await readSockets({ kind: "host" });
  expect(ours?.listening().map(({ localPort }) => localPort)).not.toContain(4711);
});

/** Leaves a socket in time-wait, which outlives its process, and prints its port. */
const LEAVE_TIME_WAIT = `
  const { connect, createServer } = require("node:net");
  const server = createServer((socket) => { socket.resume(); server.close(); });
  server.listen(0, "127.0.0.1", () => {
    const client = connect(server.address().port, "127.0.0.1", () => client.end());
    const port = new Promise((resolve) => client.on("connect", () => resolve(client.localPort)));
    client.resume().on("close", async () => console.log(await port));
  });
`;

test.each([
  ["without", "exec cat"],
  ["with", 'exec nsenter --net="$1" cat'],
])(
  "a namespace that a file keeps is seen through the file, %s a process in it",
  async (_how, hold) => {
    const file = join(scratch(), "netns");
    const script = `
    touch "$1" && unshare --net="$1" ip link set lo up &&
    port=$(nsenter --net="$1" "$2" -e "$3") && echo "$port" && ${hold}
  `;
    const { pid, line } = await inFreshNamespace(
      ["mount"],
      ["sh", "-c", script, "sh", file, process.execPath, LEAVE_TIME_WAIT],
    );
    // As under RootlessKit, the file is a namespace only for whom it was mounted; for others it is empty.
    const path = `/proc/${String(pid)}/root${file}`;
    const table = await readSockets({ kind: "file", path, userPid: pid });
    expect(table?.onPort(Number(line))).toMatchObject([{ state: "time-wait" }]);
  },
);

test("a namespace that is gone is null, not empty", async () => {
  expect(await readSockets({ kind: "pid", pid: 2 ** 22 + 1 })).toBeNull();
  expect(await readSockets({ kind: "file", path: "/nonexistent/netns", userPid: 1 })).toBeNull();
});

test("a listener of this process is seen, a closed one is not", async () => {
  const { server, port } = await listenOn("127.0.0.1");
  expect(await listeningPorts([port, port])).toEqual([port]);
  server.close();
  await once(server, "close");
  expect(await listeningPorts([port])).toEqual([]);
});
