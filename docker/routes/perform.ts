/**
 * What a routes job does on an engine, beside making containers and networks.
 */
import { setTimeout as wait } from "node:timers/promises";
import type Dockerode from "dockerode";
import type { z } from "zod";
import type { KnownNetwork } from "../../harness/core/routes/answers.ts";
import { routeTable, type RouteTable } from "../../harness/core/routes/route-table.ts";
import { appSeenSchema, proxySeenSchema } from "../../harness/core/routes/traffic-seen.ts";
import { trafficReport, type TrafficReport } from "../../harness/core/routes/traffic.ts";
import type { Millis } from "../../harness/core/units.ts";
import { inspectContainer } from "../client/calls.ts";
import { decode } from "../client/daemon-schemas.ts";
import { exchange } from "../client/exchange.ts";
import { logText } from "../client/log-frames.ts";
import { onNetworksAnswer, textsByHelper, textsByPid } from "./network-texts.ts";

interface ContainerRoutes {
  readonly table: RouteTable;
  /** That it is on now, as the daemon has them. */
  readonly networks: readonly KnownNetwork[];
}

/**
 * The routes of a running container, whatever is in its image.
 *
 * @throws Refusal with the daemon's words; Error where it does not run, or nothing can be read
 */
export const readRoutes = async (
  { docker, container }: { readonly docker: Dockerode; readonly container: string },
  signal: AbortSignal,
): Promise<ContainerRoutes> => {
  const answer = await exchange(docker, inspectContainer(container), { signal });
  const seen = decode(onNetworksAnswer, answer, "container.inspect");
  if (!seen.State.Running) throw new Error(`${container} does not run, so it has no routes`);
  const texts = (await textsByPid(seen)) ?? (await textsByHelper(docker, seen, signal));
  const networks = Object.entries(seen.NetworkSettings.Networks).map(([name, { Gateway }]) => ({
    name,
    gateway: Gateway,
  }));
  return { table: routeTable(texts), networks };
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

/** The last of a program's lines that is of this kind. */
const lastOf = <Schema extends z.ZodType>(
  schema: Schema,
  lines: readonly string[],
): z.infer<Schema> | null => {
  for (const line of lines.toReversed()) {
    const { data } = schema.safeParse(parsed(line));
    if (data !== undefined) return data;
  }
  return null;
};

/** Each line says all so far; the newest may be followed by words of Node's own. */
const TAIL_LINES = 20;

const lastLines = async (
  docker: Dockerode,
  container: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const path = `/containers/${encodeURIComponent(container)}/logs?stdout=true&stderr=true&tail=${String(TAIL_LINES)}`;
  const log = await exchange(docker, { method: "GET", path }, { signal });
  return (Buffer.isBuffer(log) ? logText(log) : "").trim().split("\n");
};

/** @throws Error with the program's last words */
const heardOf = async <Schema extends z.ZodType>(
  schema: Schema,
  { docker, container }: { readonly docker: Dockerode; readonly container: string },
  signal: AbortSignal,
): Promise<z.infer<Schema>> => {
  const lines = await lastLines(docker, container, signal);
  const seen = lastOf(schema, lines);
  if (seen !== null) return seen;
  const words = lines.findLast((line) => /error|not an order/i.test(line)) ?? lines.at(-1) ?? "";
  throw new Error(
    `${container} says nothing of its connections${words === "" ? "" : `: ${words.trim().slice(0, 300)}`}`,
  );
};

export interface WatchOptions {
  readonly docker: Dockerode;
  /** Those that run the programs `app` and `proxy`; without a proxy no requests are reported. */
  readonly containers: { readonly app: string; readonly proxy: string | null };
  /** From now on: called when the container has just been attached. */
  readonly watchFor: Millis;
}

/**
 * Lets the programs go on for a while, then reads what they have seen since they began. Nothing is asked of the engine
 * in the meantime.
 *
 * @throws Refusal with the daemon's words; Error with a program's own when it has said nothing
 */
export const watchTraffic = async (
  { docker, containers, watchFor }: WatchOptions,
  signal: AbortSignal,
): Promise<TrafficReport> => {
  await wait(watchFor, undefined, { signal }).catch(() => {
    // Its reason tells a deadline from a cancelled run; the timer's own error does not.
    signal.throwIfAborted();
  });
  const { app, proxy } = containers;
  const [appSeen, proxySeen] = await Promise.all([
    heardOf(appSeenSchema, { docker, container: app }, signal),
    proxy === null ? null : heardOf(proxySeenSchema, { docker, container: proxy }, signal),
  ]);
  return trafficReport(appSeen, proxySeen);
};
