/**
 * What the app's connections lead to, in a container on the host's network:
 * `node outside-main.js '{"port":…,"redisPort":…,…}'`.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { dialTcp } from "./dial.ts";
import { addressOn, ownDefault, ownRoutes, readOwn } from "./kernel-routes.ts";
import { publish, serveOutside } from "./outside.ts";
import { decodeOutsideOrder } from "./routes-orders.ts";
import { runOrder } from "./run-order.ts";
import { sleep } from "./sleep.ts";
import type { AddressesSaid } from "./traffic-lines.ts";

const DEFAULT_BRIDGE = "docker0";

/** Not from Node's list of interfaces, which leaves out a bridge that no container is on at the moment. */
const addresses = (): AddressesSaid => {
  const routes = ownRoutes(readOwn("route"));
  const trie = readOwn("fib_trie");
  const way = ownDefault(routes)?.interface ?? null;
  return {
    uplink: way === null ? null : addressOn(way, routes, trie),
    bridge: addressOn(DEFAULT_BRIDGE, routes, trie),
  };
};

await runOrder("outside", decodeOutsideOrder, async (order, signal) => {
  const { port, redisPort, nonce, everyMs } = order;
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    void serveOutside(connection, { everyMs, nonce, addresses });
  });
  server.listen(port, "0.0.0.0");
  await once(server, "listening");
  const dial = dialTcp({ host: "127.0.0.1", port: redisPort });
  await publish({ dial, everyMs, sleep, signal });
  // Connections that still stand would keep it waiting.
  process.exit();
});
