import { json } from "./reply.ts";
import type { Route } from "./route.ts";
import type { World } from "./world.ts";

/** Where a connection to a published port of the simulated host is asked for. */
export const DIAL_PATH = "/_fake/dial";
/** Where the faults that happened are read from another process. */
export const INJECTED_PATH = "/_fake/injected";

/** What no real engine has. */
export const fakeRoutes = (world: World): readonly Route[] => [
  { method: "GET", path: /^\/_fake\/injected$/, handle: () => json(200, world.injected) },
];
