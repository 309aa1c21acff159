/**
 * Whether `conflictWith` says what this kernel does: each case is provoked, looked at, and then tried.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type ListenOptions } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { namespaceSeen } from "../../../docker/doctor/namespace-seen.ts";
import { engineUnder } from "../../../docker/evidence/engine-under.ts";
import { readProcesses } from "../../../docker/evidence/process-table.ts";
import { conflictWith, type Conflict } from "../../../harness/core/doctor/conflict.ts";
import type { NamespaceSeen } from "../../../harness/core/doctor/facts.ts";

/** Listens as an engine does: with SO_REUSEADDR, and `::` for IPv6 only. */
const listen = async (options: ListenOptions): Promise<number> => {
  const server = createServer();
  server.listen(options);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const canListen = async (host: string, port: number): Promise<boolean> => {
  const server = createServer();
  const listening = new Promise<boolean>((resolve, reject) => {
    server.once("listening", () => {
      resolve(true);
    });
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
  });
  server.listen({ host, port, ipv6Only: true });
  const could = await listening;
  if (could) await new Promise((resolve) => server.close(resolve));
  return could;
};

const lookAt = async (port: number): Promise<NamespaceSeen> =>
  await namespaceSeen(
    { kind: "host" },
    { port, protocol: "tcp", address: null },
    {
      engine: await engineUnder(null),
      processes: (await readProcesses()) ?? new Map(),
      users: new Map(),
    },
  );

const WORST: readonly Conflict[] = ["yes", "maybe", "no"];

/** What is said of everything on the port together. */
const saidOf = async (port: number, wanted: string): Promise<Conflict> => {
  const namespace = await lookAt(port);
  const said = (namespace.sockets ?? []).map((socket) =>
    conflictWith(socket, { wanted: [wanted], protocol: "tcp", namespace }),
  );
  expect(said).not.toEqual([]);
  return WORST.find((each) => said.includes(each)) ?? "no";
};

const OCCUPANTS: readonly ListenOptions[] = [
  { host: "0.0.0.0" },
  { host: "127.0.0.1" },
  { host: "127.0.0.2" },
  { host: "::", ipv6Only: true },
  { host: "::", ipv6Only: false },
  { host: "::1" },
  { host: "::ffff:127.0.0.1" },
];
const WANTED = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"];

test.each(OCCUPANTS.flatMap((occupant) => WANTED.map((wanted) => ({ ...occupant, wanted }))))(
  "a listener on $host (IPv6 only: $ipv6Only) and one wanted on $wanted: as the kernel has it",
  async ({ wanted, ...occupant }) => {
    const port = await listen({ ...occupant, port: 0 });
    expect(await saidOf(port, wanted)).toBe((await canListen(wanted, port)) ? "no" : "yes");
  },
);

/** A port that no connection is given, so that it can be seen which end of one is which. */
const listenOutside = async (): Promise<number> => {
  const { portRange } = await lookAt(1);
  for (let port = (portRange?.[0] ?? 32_768) - 1; port > 1024; port -= 1) {
    if (await canListen("127.0.0.1", port)) return port;
  }
  throw new Error("no free port below the ephemeral ones");
};

/** A connection over loopback to a server that has then gone: its ends stay. */
const connection = async () => {
  const serverPort = await listenOutside();
  const server = createServer();
  server.listen({ host: "127.0.0.1", port: serverPort });
  await once(server, "listening");
  const arrival = once(server, "connection");
  const client = connect({ host: "127.0.0.1", port: serverPort });
  const [accepted] = (await arrival) as [ReturnType<typeof connect>];
  if (client.connecting) await once(client, "connect");
  server.close();
  onTestFinished(() => {
    client.destroy();
    accepted.destroy();
  });
  return { client, accepted, clientPort: client.localPort ?? 0, serverPort };
};

test.each(["0.0.0.0", "127.0.0.1", "127.0.0.2", "::"])(
  "an outbound connection's port, wanted on %s: as the kernel has it",
  async (wanted) => {
    const { clientPort } = await connection();
    expect(await saidOf(clientPort, wanted)).toBe(
      (await canListen(wanted, clientPort)) ? "no" : "yes",
    );
  },
);

test("an outbound connection keeps its port from being bound, and of its server's end the table does not tell", async () => {
  const { clientPort, serverPort } = await connection();
  expect([await saidOf(clientPort, "0.0.0.0"), await canListen("0.0.0.0", clientPort)]).toEqual([
    "yes",
    false,
  ]);
  expect([await saidOf(serverPort, "0.0.0.0"), await canListen("0.0.0.0", serverPort)]).toEqual([
    "maybe",
    true,
  ]);
});

/** Each once: connections of an earlier run of this test may still be there. */
const statesOn = async (port: number): Promise<readonly string[]> => [
  ...new Set((await lookAt(port)).sockets?.map(({ state }) => state)),
];

test("TIME_WAIT keeps the port of the end that connected; of the end that accepted the table does not tell", async () => {
  const first = await connection();
  first.client.end();
  await once(first.accepted.resume(), "end");
  first.accepted.end();
  await once(first.accepted, "close");
  const port = first.clientPort;
  expect(await statesOn(port)).toEqual(["time-wait"]);
  expect([await saidOf(port, "0.0.0.0"), await canListen("0.0.0.0", port)]).toEqual(["yes", false]);

  const second = await connection();
  second.accepted.end();
  await once(second.client.resume(), "end");
  second.client.end();
  await once(second.client, "close");
  const { serverPort } = second;
  expect(await statesOn(serverPort)).toEqual(["time-wait"]);
  expect([await saidOf(serverPort, "0.0.0.0"), await canListen("0.0.0.0", serverPort)]).toEqual([
    "maybe",
    true,
  ]);
});
