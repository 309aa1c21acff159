import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { serveMysql, type LoginManner } from "../../../docker/fake/mysql-server.ts";
import { SimulatedService } from "../../../docker/fake/services.ts";
import { Conversation } from "../../../docker/probe/conversation.ts";
import { dialTcp, type Dial } from "../../../docker/probe/dial.ts";
import { probeNonces, probeReady } from "../../../docker/probe/probe.ts";
import { PROTOCOLS, type Protocol } from "../../../docker/probe/protocol.ts";
import { listenOnLoopback, socketsOf, type TcpService } from "./tcp-service.ts";

const PORT: Readonly<Record<Protocol, number>> = { mysql: 3306, redis: 6379, clickhouse: 8123 };

const never = new AbortController().signal;
const services: TcpService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map(({ close }) => close()));
});

const listen = async (serve: (socket: Duplex) => void): Promise<Dial> => {
  const service = await listenOnLoopback(serve);
  services.push(service);
  return dialTcp({ host: "127.0.0.1", port: service.port });
};

const simulated = (protocol: Protocol, readyAt = 0): ((socket: Duplex) => void) => {
  const service = new SimulatedService(protocol, readyAt);
  return (socket) => {
    service.attend(socket, PORT[protocol]);
  };
};

/** Lets bytes through one at a time, in both directions. */
const inSingleBytes = async (from: Duplex, to: Duplex): Promise<void> => {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      to.write(Buffer.from([byte]));
      await turn();
    }
  }
  to.end();
};

test.each(PROTOCOLS)("%s that answers is ready", async (protocol) => {
  const dial = await listen(simulated(protocol));
  await expect(probeReady(protocol, dial, never)).resolves.toBeUndefined();
});

test.each(PROTOCOLS)("%s keeps every nonce once and reads them back sorted", async (protocol) => {
  const dial = await listen(simulated(protocol));
  expect(await probeNonces(protocol, dial, "run-w1j2", never)).toEqual(["run-w1j2"]);
  expect(await probeNonces(protocol, dial, "run-w1j2", never)).toEqual(["run-w1j2"]);
  expect(await probeNonces(protocol, dial, "a.stranger", never)).toEqual([
    "a.stranger",
    "run-w1j2",
  ]);
});

test.each(PROTOCOLS)("%s is understood from single bytes", async (protocol) => {
  const serve = simulated(protocol);
  const behind = await listenOnLoopback(serve);
  services.push(behind);
  const dial = await listen((socket) => {
    void dialTcp({ host: "127.0.0.1", port: behind.port })(never).then(async (inner) => {
      await Promise.allSettled([inSingleBytes(socket, inner), inSingleBytes(inner, socket)]);
      inner.destroy();
    });
  });
  expect(await probeNonces(protocol, dial, "n1", never)).toEqual(["n1"]);
});

test.each<LoginManner>([
  { greetWith: "mysql_native_password", switchTo: null },
  { greetWith: "caching_sha2_password", switchTo: null },
  { greetWith: "caching_sha2_password", switchTo: "mysql_native_password" },
  { greetWith: "mysql_native_password", switchTo: "caching_sha2_password" },
  { greetWith: "sha256_password", switchTo: "mysql_native_password" },
])("MySQL greeting with $greetWith, account with $switchTo, lets us in", async (manner) => {
  const dial = await listen((socket) => {
    void serveMysql(new Conversation(socket), new Set(), manner).catch(() => undefined);
  });
  await expect(probeReady("mysql", dial, never)).resolves.toBeUndefined();
});

test.each<[Protocol, string, string | RegExp]>([
  ["mysql", "\x17\0\0\0\xff\x10\x04Too many connections", "ERROR 1040: Too many connections"],
  [
    "mysql",
    "\x1f\0\0\x02\xff\x15\x04#28000Access denied for user",
    "ERROR 1045 (28000): Access denied for user",
  ],
  ["mysql", "HTTP/1.1 400 Bad Request\r\n\r\n", "an answer of 5526600 bytes was announced"],
  ["mysql", "\x03\0\0\0\x09no", "not the MySQL protocol: no version 10 greeting"],
  ["mysql", "\x05\0\0\0\x0a8", "the other side closed the connection"],
  ["mysql", "\0\0\0\0", "not the MySQL protocol: an empty packet"],
  [
    "redis",
    "-LOADING Redis is loading the dataset in memory\r\n",
    "LOADING Redis is loading the dataset in memory",
  ],
  ["redis", "HTTP/1.1 400 Bad Request\r\n", /^not the Redis protocol: "HTTP\/1.1 400/],
  ["redis", "*99999999999\r\n", /^not the Redis protocol/],
  ["redis", "+OK\r\n", 'expected PONG, got ["OK"]'],
  ["clickhouse", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nNo.", "HTTP 200: No."],
  [
    "clickhouse",
    "HTTP/1.0 503 Service Unavailable\r\n\r\nTable does not exist",
    "HTTP 503: Table does not exist",
  ],
  ["clickhouse", "-ERR unknown command\r\n", 'not HTTP: "-ERR unknown command"'],
  ["clickhouse", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", /without a size/],
  ["clickhouse", "", "the other side closed the connection"],
])("%s answering %j fails in words", async (protocol, answer, words) => {
  const dial = await listen((socket) => {
    socket.end(Buffer.from(answer, "latin1"));
  });
  await expect(probeReady(protocol, dial, never)).rejects.toThrow(words);
});

test("Redis that is not ready says that it is loading, the others close", async () => {
  const redis = await listen(simulated("redis", Infinity));
  await expect(probeReady("redis", redis, never)).rejects.toThrow(/^LOADING /);
  const mysql = await listen(simulated("mysql", Infinity));
  await expect(probeReady("mysql", mysql, never)).rejects.toThrow(/closed the connection/);
});

test("a refused connection fails with the socket's words", async () => {
  const { port, close } = await listenOnLoopback(() => undefined);
  await close();
  const dial = dialTcp({ host: "127.0.0.1", port });
  await expect(probeReady("redis", dial, never)).rejects.toThrow(
    `connect ECONNREFUSED 127.0.0.1:${String(port)}`,
  );
});

test.each(PROTOCOLS)("a %s that says nothing is left when the signal aborts", async (protocol) => {
  const abort = new AbortController();
  let ended: Promise<unknown[]> = Promise.resolve([]);
  const dial = await listen((socket) => {
    ended = once(socket, "error");
    socket.resume();
    abort.abort(new Error("enough"));
  });
  await expect(probeReady(protocol, dial, abort.signal)).rejects.toThrow("enough");
  // Seen from the server: reset, not closed.
  expect(await ended).toEqual([expect.objectContaining({ code: "ECONNRESET" })]);
});

test("an aborted signal opens no connection", async () => {
  let connections = 0;
  const dial = await listen(() => (connections += 1));
  await expect(probeReady("redis", dial, AbortSignal.abort(new Error("late")))).rejects.toThrow(
    "late",
  );
  expect(connections).toBe(0);
});

test.each(["", "it's", "a b", "x".repeat(129)])("%j is no nonce", async (nonce) => {
  const dial = await listen(simulated("mysql"));
  await expect(probeNonces("mysql", dial, nonce, never)).rejects.toThrow(RangeError);
});

test.each(PROTOCOLS)(
  "probes of %s leave no TIME_WAIT: done, failed or aborted",
  async (protocol) => {
    const service = await listenOnLoopback(simulated(protocol));
    const garbage = await listenOnLoopback((socket) => socket.write("HTTP\r\n\r\n"));
    const abort = new AbortController();
    const silent = await listenOnLoopback(() => {
      abort.abort();
    });
    services.push(service, garbage, silent);
    const dial = ({ port }: TcpService): Dial => dialTcp({ host: "127.0.0.1", port });
    await Promise.allSettled([
      probeReady(protocol, dial(service), never),
      probeNonces(protocol, dial(service), "n", never),
      probeReady(protocol, dial(garbage), never),
      probeReady(protocol, dial(silent), abort.signal),
    ]);
    const sockets = await Promise.all(
      [service, garbage, silent].map(({ port }) => socketsOf(port)),
    );
    expect(sockets.flat().filter(({ state }) => state === "TIME_WAIT")).toEqual([]);
  },
);
