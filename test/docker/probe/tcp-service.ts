import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";

export interface TcpService {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** A server on a loopback port of the kernel's choice. */
export const listenOnLoopback = async (serve: (socket: Socket) => void): Promise<TcpService> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

export interface KernelSocket {
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: string;
}

const portOf = (address = ""): number => Number.parseInt(address.split(":")[1] ?? "", 16);

const STATES: Readonly<Record<string, string>> = { "01": "ESTABLISHED", "06": "TIME_WAIT" };

/** The kernel's IPv4 sockets with this port at either end, the listener left out. */
export const socketsOf = async (port: number): Promise<readonly KernelSocket[]> => {
  const [, ...rows] = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n");
  return rows
    .map((row) => row.trim().split(/\s+/))
    .map(([, local, remote, state = ""]) => ({
      localPort: portOf(local),
      remotePort: portOf(remote),
      state: STATES[state] ?? state,
    }))
    .filter(({ localPort, remotePort }) => localPort === port || remotePort === port)
    .filter(({ state }) => state !== "0A");
};
