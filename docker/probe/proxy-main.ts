/**
 * The proxy of a routes job, on the front network: `node proxy-main.js '{"host":…,"port":…,"everyMs":…}'`.
 */
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { runProxy } from "./proxy.ts";
import { requestOnce } from "./request-once.ts";
import { decodeProxyOrder } from "./routes-orders.ts";
import { runOrder, sayLine } from "./run-order.ts";
import { sleep } from "./sleep.ts";

/**
 * The engine's own resolver, asked without the system's: one that does not know the name yet may pass the question on
 * to the world, where nobody answers in time.
 */
const resolver = new Resolver({ timeout: 200, tries: 1 });

const find = async (host: string): Promise<string | null> => {
  if (isIP(host) !== 0) return host;
  const [address] = await resolver.resolve4(host).catch(() => []);
  return address ?? null;
};

await runOrder("proxy", decodeProxyOrder, async (order, signal) => {
  await runProxy(order, { find, request: requestOnce, now: Date.now, sleep, say: sayLine, signal });
  process.exit();
});
