/**
 * What the app's connections lead to, in a container on the engine's own network:
 * `node outside-main.js '{"port":…,"redisPort":…,"everyMs":…}'`.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { dialTcp } from "./dial.ts";
import { addressOn, ownDefault, ownRoutes, readOwn } from "./kernel-routes.ts";
import { publish, serveOutside } from "./outside.ts";
import { decodeOutsideOrder } from "./routes-orders.ts";
import { runOrder } from "./run-order.ts";
import { sleep } from "./sleep.ts";
import type { OutsideAddresses } from "./traffic-lines.ts";

const DEFAULT_BRIDGE = "docker0";

/** Not from Node's list of interfaces, which leaves out a bridge that no container is on at the moment. */
const addresses = (): OutsideAddresses => {
  const routes = ownRoutes(readOwn("route"));
  const trie = readOwn("fib_trie");
  const way = ownDefault(routes)?.interface ?? null;
  const uplink = way === null ? null : addressOn(way, routes, trie);
  if (uplink === null) throw new Error("there is no default route");
  return { uplink, bridge: addressOn(DEFAULT_BRIDGE, routes, trie) };
};

await runOrder("outside", decodeOutsideOrder, async ({ port, redisPort, everyMs }, signal) => {
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    void serveOutside(connection, { everyMs, addresses });
  });
  server.listen(port, "0.0.0.0");
  await once(server, "listening");
  const dial = dialTcp({ host: "127.0.0.1", port: redisPort });
  await publish({ dial, everyMs, sleep, signal });
  // Connections that still stand would keep it waiting.
  process.exit();
});
