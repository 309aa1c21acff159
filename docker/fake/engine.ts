/**
 * An Engine API server on a Unix socket that runs nothing: networks, containers and ports are a model with the real
 * daemon's words, services are simulated, and what goes wrong is chosen by seed.
 */
import type { Duplex } from "node:stream";
import { containerRoutes } from "./container-api.ts";
import { acceptDial } from "./dial-server.ts";
import { fakeRoutes } from "./fake-api.ts";
import { createApiServer } from "./http-server.ts";
import { networkRoutes } from "./network-api.ts";
import { optionsSchema, type FakeEngineOptions } from "./options.ts";
import { imageRoutes, systemRoutes } from "./system-api.ts";
import { volumeRoutes } from "./volume-api.ts";
import { World } from "./world.ts";

/** As many as the kernel allows: thousands of jobs connect at once. */
const BACKLOG = 65_535;

export interface FakeEngine {
  readonly socketPath: string;
  /** What there is in the simulation; may be looked at and changed by tests. */
  readonly world: World;
  /** Ends every connection and removes the socket. May be called twice. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a fake engine in this process.
 *
 * @throws ZodError for bad options; the socket's error when it cannot listen (EADDRINUSE, ENOENT, …)
 */
export const startFakeEngine = async (options: FakeEngineOptions): Promise<FakeEngine> => {
  const settings = optionsSchema.parse(options);
  const stopping = new AbortController();
  const world = new World(settings, stopping.signal);
  const server = createApiServer(world, [
    ...systemRoutes(world),
    ...networkRoutes(world),
    ...containerRoutes(world),
    ...volumeRoutes(world),
    ...imageRoutes(world),
    ...fakeRoutes(world),
  ]);
  const streams = new Set<Duplex>();
  server.on("upgrade", (request, stream: Duplex) => {
    streams.add(stream);
    stream.once("close", () => streams.delete(stream));
    acceptDial(world, request, stream);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path: settings.socketPath, backlog: BACKLOG }, resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      stopping.abort();
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
      for (const stream of streams) stream.destroy();
      world.stop();
    });
  for (const held of settings.held) await world.occupy(held);
  let closed: Promise<void> | null = null;
  return { socketPath: settings.socketPath, world, stop: () => (closed ??= close()) };
};
