/**
 * The application of a routes job: `node app-main.js '{"service":…,"port":…,…}'`. It answers `GET /` at once, and
 * `GET /through` when Redis has answered it.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { App } from "./app.ts";
import { dialTcp } from "./dial.ts";
import { ownRoutes, readOwn } from "./kernel-routes.ts";
import { decodeAppOrder } from "./routes-orders.ts";
import { runOrder, sayLine } from "./run-order.ts";
import { sleep } from "./sleep.ts";
import { wordsOf } from "./words.ts";

await runOrder("app", decodeAppOrder, async (order, signal) => {
  const app = new App(order, {
    dial: dialTcp,
    now: Date.now,
    sleep,
    routes: () => ownRoutes(readOwn("route")),
    say: sayLine,
    signal,
  });
  const server = createServer((request, response) => {
    const asked = request.url === "/through" ? app.askRedis() : Promise.resolve();
    asked.then(
      () => response.end("ok\n"),
      (error: unknown) => {
        response.writeHead(503).end(`${wordsOf(error)}\n`);
      },
    );
  });
  server.listen(order.port, "0.0.0.0");
  await once(server, "listening");
  await app.run();
  process.exit();
});
