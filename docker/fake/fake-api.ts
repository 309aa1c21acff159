import { z } from "zod";
import { questionSchema } from "../../harness/core/evidence.ts";
import { heldPortSchema } from "./held-port.ts";
import { EMPTY, json } from "./reply.ts";
import type { Route } from "./route.ts";
import { countersOf, portsSeen, sightOf } from "./sights.ts";
import type { World } from "./world.ts";

/** Where another process asks the simulation what no real engine answers. */
export const FAKE_PATHS = {
  /** A connection to a published port of the simulated host. */
  dial: "/_fake/dial",
  /** The faults that happened. */
  injected: "/_fake/injected",
  /** `?question=JSON`: what a witness would see. */
  sight: "/_fake/sight",
  ports: "/_fake/ports",
  counters: "/_fake/counters",
  /** `?from=N`: the daemon's log from its line N on, 0 is the first. */
  log: "/_fake/log",
  /** The port that the daemon handed out last, and its range. */
  cursor: "/_fake/cursor",
  occupy: "/_fake/occupy",
  vacate: "/_fake/vacate",
  /** `{ "signal": "pause" | "resume" | "kill" }` for the simulated dockerd. */
  daemon: "/_fake/daemon",
  /** `?calls=K`: answers when the daemon has got so many more calls, at which it stops. */
  pausedAfter: "/_fake/paused-after",
} as const;

const pattern = (path: string): RegExp => new RegExp(`^${path}$`);

const portSchema = z.object({ port: z.int() });
const signalSchema = z.object({ signal: z.enum(["pause", "resume", "kill"]) });
const whole = z.coerce.number().int().nonnegative();

/** What no real engine has. */
export const fakeRoutes = (world: World): readonly Route[] => [
  { method: "GET", path: pattern(FAKE_PATHS.injected), handle: () => json(200, world.injected) },
  {
    method: "GET",
    path: pattern(FAKE_PATHS.sight),
    handle: ({ query }) => {
      const asked: unknown = JSON.parse(query.get("question") ?? "null");
      return json(200, sightOf(world, questionSchema.parse(asked)));
    },
  },
  { method: "GET", path: pattern(FAKE_PATHS.ports), handle: () => json(200, portsSeen(world)) },
  {
    method: "GET",
    path: pattern(FAKE_PATHS.counters),
    handle: () => json(200, countersOf(world)),
  },
  {
    method: "GET",
    path: pattern(FAKE_PATHS.log),
    handle: ({ query }) => json(200, world.log.since(whole.parse(query.get("from") ?? 0))),
  },
  {
    method: "GET",
    path: pattern(FAKE_PATHS.cursor),
    handle: () => json(200, { last: world.allocator.cursor, range: world.settings.portRange }),
  },
  {
    method: "POST",
    path: pattern(FAKE_PATHS.occupy),
    handle: async ({ body }) => {
      await world.occupy(heldPortSchema.parse(body));
      return EMPTY;
    },
  },
  {
    method: "POST",
    path: pattern(FAKE_PATHS.vacate),
    handle: async ({ body }) => {
      await world.vacate(portSchema.parse(body).port);
      return EMPTY;
    },
  },
  {
    method: "POST",
    path: pattern(FAKE_PATHS.daemon),
    handle: ({ body }) => {
      world.daemon[signalSchema.parse(body).signal]();
      return EMPTY;
    },
  },
  {
    method: "GET",
    path: pattern(FAKE_PATHS.pausedAfter),
    handle: async ({ query }) => {
      await world.daemon.pausedAfter(whole.parse(query.get("calls") ?? 0));
      return EMPTY;
    },
  },
];
