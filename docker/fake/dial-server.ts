import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { FAKE_PATHS } from "./fake-api.ts";
import { closeAtOnce } from "./services.ts";
import type { World } from "./world.ts";

const UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/** Answers a dial into the simulated host: the raw stream of whatever is behind that port. */
export const acceptDial = (world: World, request: IncomingMessage, stream: Duplex): void => {
  stream.on("error", () => undefined);
  const url = new URL(request.url ?? "/", "http://simulated");
  if (url.pathname !== FAKE_PATHS.dial) {
    stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const port = Number(url.searchParams.get("port"));
  const forward = world.rootlesskit.at(port);
  if (forward === null && !world.hostPorts.listens(port)) {
    // As a closed port refuses: nobody is there to accept and close.
    stream.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  stream.write(UPGRADED);
  if (forward === null) closeAtOnce(stream);
  else
    world.containers.connect(
      world.containers.find(forward.container),
      forward.containerPort,
      stream,
    );
};
