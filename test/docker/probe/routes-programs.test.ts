import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { App, type AppSurroundings } from "../../../docker/probe/app.ts";
import { dialTcp } from "../../../docker/probe/dial.ts";
import type { JobLine } from "../../../docker/probe/job-lines.ts";
import type { OwnRoute } from "../../../docker/probe/kernel-routes.ts";
import { publish, serveOutside } from "../../../docker/probe/outside.ts";
import { runProxy } from "../../../docker/probe/proxy.ts";
import { requestOnce } from "../../../docker/probe/request-once.ts";
import {
  decodeAppOrder,
  decodeOutsideOrder,
  decodeProxyOrder,
} from "../../../docker/probe/routes-orders.ts";
import { sleep } from "../../../docker/probe/sleep.ts";
import type { AppSeen, ProxySeen } from "../../../docker/probe/traffic-lines.ts";
import type { RoutesOrders } from "../../../harness/core/routes/orders.ts";
import { appSeenSchema, proxySeenSchema } from "../../../harness/core/routes/traffic-seen.ts";
import { trafficReport } from "../../../harness/core/routes/traffic.ts";
import { RedisWithChannels } from "./redis-with-channels.ts";

const UPLINK = "127.0.0.1";
const BRIDGE = "127.0.0.2";
const MACHINE = "127.0.0.4";
/** The gateway of a network that there is not. */
const GATEWAY = "172.20.0.1";
const EVERY_MS = 10;
const NONCE = "run-j0";

const route = (name: string, gateway: string | null, first: number, size: number): OwnRoute => ({
  interface: name,
  gateway,
  first,
  size,
});

/** On every loopback address, at a port of the kernel's choice. */
const listen = async (serve: (socket: Socket) => Promise<void>): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    void serve(socket);
  }).listen(0, "0.0.0.0");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
};

/** What a program says, and who waits for a line of a kind. */
const listener = <Line>() => {
  const waiting = new Set<(line: Line) => void>();
  return {
    say: (line: Line): void => {
      for (const tell of waiting) tell(line);
    },
    until: (isIt: (line: Line) => boolean): Promise<Line> =>
      new Promise((resolve) => {
        const tell = (line: Line): void => {
          if (!isIt(line)) return;
          waiting.delete(tell);
          resolve(line);
        };
        waiting.add(tell);
      }),
  };
};

type Said = JobLine | AppSeen;
const isSeen = (line: Said): line is AppSeen => line.step === "app";

/** Everything of a routes job on this machine's loopback interface; the routes are what the test says they are. */
const routesJob = async (
  changes: Partial<AppSurroundings> = {},
  {
    nonce = NONCE,
    patienceMs = 5000,
  }: { readonly nonce?: string; readonly patienceMs?: number } = {},
) => {
  const ended = new AbortController();
  const { signal } = ended;
  const redis = new RedisWithChannels();
  const redisPort = await listen((socket) => redis.serve(socket));
  const addresses = () => ({ uplink: UPLINK, bridge: BRIDGE });
  const outsidePort = await listen((socket) =>
    serveOutside(socket, { everyMs: EVERY_MS, nonce, addresses }),
  );
  const dial = dialTcp({ host: UPLINK, port: redisPort });
  const publishing = publish({ dial, everyMs: EVERY_MS, sleep, signal });
  const said = listener<Said>();
  let routes: readonly OwnRoute[] = [route("eth0", GATEWAY, 0, 2 ** 32)];
  const app = new App(
    {
      service: "app",
      port: 8080,
      outsidePort,
      redisPort,
      hosts: [MACHINE],
      nonce: NONCE,
      everyMs: EVERY_MS,
      patienceMs,
    },
    {
      dial: ({ host, port }) => dialTcp({ host: host === GATEWAY ? "127.0.0.3" : host, port }),
      now: Date.now,
      sleep,
      routes: () => routes,
      say: said.say,
      signal,
      ...changes,
    },
  );
  const running = app.run();
  onTestFinished(async () => {
    ended.abort();
    await Promise.all([running, publishing]);
  });
  return {
    app,
    redis,
    said,
    signal,
    attach: (): void => {
      routes = [...routes, route("eth1", null, 0, 256)];
    },
  };
};

test("connections are held across the attach, and one that goes silent is told from the others", async () => {
  const job = await routesJob();
  expect(await job.said.until(({ step }) => step === "ready")).toMatchObject({ service: "app" });
  const before = job.app.seen();
  expect(before).toMatchObject({ attachedAt: null, outside: { uplink: UPLINK, bridge: BRIDGE } });
  expect(before.held.map(({ kind, to }) => `${kind} ${to}`)).toEqual([
    "subscription uplink",
    "stream uplink",
    "commands uplink",
    "subscription bridge",
    "stream bridge",
  ]);
  job.redis.muted.add(BRIDGE);
  job.attach();
  const heard = await job.said.until(
    (line) => isSeen(line) && line.attachedAt !== null && (line.held[0]?.after ?? 0) > 5,
  );
  const seen = appSeenSchema.parse(heard);
  const [uplink, stream, , bridge] = trafficReport(seen, null).held;
  expect(uplink).toMatchObject({ since: "before", state: "alive" });
  expect(stream).toMatchObject({ since: "before", state: "alive" });
  expect(stream?.sent?.arrived).toBeGreaterThan(0);
  expect(bridge?.after).toBeLessThanOrEqual(1);
  expect(bridge?.longestSilence).toBeGreaterThan(uplink?.longestSilence ?? Infinity);
});

test("requests that need Redis wait for the held connection, and are answered over it", async () => {
  const job = await routesJob();
  await Promise.all([job.app.askRedis(), job.app.askRedis()]);
  const commands = job.app.seen().held.find(({ kind }) => kind === "commands");
  expect(commands).toMatchObject({ waitingSince: null, words: null });
  expect(commands?.sent?.acknowledged).toBe(commands?.sent?.count);
});

test("where nobody is outside, it says so instead of waiting for ever", async () => {
  let time = 0;
  const job = await routesJob({
    dial: () => () => Promise.reject(new Error("connect ECONNREFUSED")),
    now: () => (time += 1000),
  });
  expect(await job.said.until(({ step }) => step === "ready")).toMatchObject({
    service: "app",
    error: `the server outside answers at none of ${GATEWAY}, ${MACHINE}`,
  });
});

test("what is not beside the bridges is looked for on the machine, and held at the address where it answered", async () => {
  const job = await routesJob({
    // With a detached namespace, nothing of the host's network listens at the gateway.
    dial: ({ host, port }) =>
      host === GATEWAY
        ? () => Promise.reject(new Error("connect ECONNREFUSED"))
        : dialTcp({ host, port }),
  });
  expect(await job.said.until(({ step }) => step === "ready")).toMatchObject({ service: "app" });
  const { outside, held } = job.app.seen();
  expect(outside).toEqual({ uplink: MACHINE, bridge: null });
  expect(held.map(({ kind, address }) => `${kind} ${address}`)).toEqual([
    `subscription ${MACHINE}`,
    `stream ${MACHINE}`,
    `commands ${MACHINE}`,
  ]);
});

test("another run's server outside is not taken for one's own", async () => {
  const job = await routesJob({}, { nonce: "another-run-j0", patienceMs: 300 });
  expect(await job.said.until(({ step }) => step === "ready")).toMatchObject({
    error: `the server outside answers at none of ${GATEWAY}, ${MACHINE}`,
  });
});

test("the proxy begins when the app can be found, and tells lost requests from answered ones", async () => {
  const asked: string[] = [];
  const port = await listen((socket) => {
    socket.on("data", (bytes: Buffer) => {
      const path = bytes.toString().split(" ")[1] ?? "";
      asked.push(path);
      const status = path === "/" ? "200 OK" : "503 Service Unavailable";
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
    return Promise.resolve();
  });
  const ended = new AbortController();
  const said = listener<ProxySeen>();
  let finds = 0;
  const running = runProxy(
    { host: "app", port, everyMs: EVERY_MS },
    {
      find: () => Promise.resolve((finds += 1) < 3 ? null : UPLINK),
      request: requestOnce,
      now: Date.now,
      sleep,
      say: said.say,
      signal: ended.signal,
    },
  );
  const seen = proxySeenSchema.parse(
    await said.until(({ direct, through }) => direct.answered > 2 && through.lost > 2),
  );
  ended.abort();
  await running;
  expect(finds).toBe(3);
  expect(seen.reachableAt).not.toBeNull();
  expect(seen.direct).toMatchObject({ lost: 0, words: null });
  expect(seen.direct.firstAnsweredAt).toBeGreaterThanOrEqual(seen.reachableAt ?? Infinity);
  expect(seen.direct.median).not.toBeNull();
  expect(seen.through).toMatchObject({
    answered: 0,
    firstAnsweredAt: null,
    words: "answered with 503",
  });
  expect(asked).toContain("/through");
});

test("each program understands the order that a plan gives it", () => {
  const orders: RoutesOrders = {
    outside: { port: 10_240, redisPort: 10_241, nonce: NONCE, everyMs: 100 },
    app: {
      service: "app",
      port: 8080,
      outsidePort: 10_240,
      redisPort: 10_241,
      hosts: ["192.0.2.7"],
      nonce: NONCE,
      everyMs: 100,
      patienceMs: 3000,
    },
    proxy: { host: "app", port: 8080, everyMs: 50 },
  };
  expect(decodeOutsideOrder(JSON.stringify(orders.outside))).toEqual(orders.outside);
  expect(decodeAppOrder(JSON.stringify(orders.app))).toEqual(orders.app);
  expect(decodeProxyOrder(JSON.stringify(orders.proxy))).toEqual(orders.proxy);
});

test.each([
  [decodeOutsideOrder, '{"port":0,"redisPort":1,"everyMs":1}', "port is no port"],
  [decodeOutsideOrder, '{"port":1,"redisPort":1}', "nonce is no text"],
  [
    decodeOutsideOrder,
    '{"port":1,"redisPort":1,"nonce":"n","everyMs":0}',
    "everyMs is no duration",
  ],
  [decodeAppOrder, '{"hosts":[1]}', "hosts is no list of addresses"],
  [decodeAppOrder, '{"hosts":[]}', "service is no text"],
  [decodeProxyOrder, '{"port":1}', "host is no text"],
  [decodeProxyOrder, "null", "not an object"],
])("%o refuses %s: %s", (decode, text, words) => {
  expect(() => decode(text)).toThrow(words);
});
