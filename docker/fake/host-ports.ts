/**
 * The TCP ports of the simulated host that somebody outside the engine holds.
 */
import type { Holder, SocketSeen } from "../../harness/core/evidence.ts";

/** Who holds a port. `gone` holds it until it has been in somebody's way once. */
export const OUTSIDERS = ["outbound", "listener", "timewait", "other-engine", "gone"] as const;
export type Outsider = (typeof OUTSIDERS)[number];

/** Where outbound connections of the simulated host lead. */
const REMOTE_PORT = 45_001;
const UID = 1000;
const USER = "somebody";

/** Of the other engine's RootlessKit. */
export const OTHER_ENGINE = {
  pid: 7001,
  uid: 1001,
  user: "neighbour",
  command: "rootlesskit --net=slirp4netns --state-dir=/simulated/neighbour dockerd-rootless.sh",
} as const;

const holderOf = (by: Outsider): Holder | null => {
  switch (by) {
    case "outbound":
      return { pid: 7101, uid: UID, user: USER, command: "curl http://registry", part: "none" };
    case "listener":
      return { pid: 7102, uid: UID, user: USER, command: "node server.js", part: "none" };
    case "other-engine":
      return { ...OTHER_ENGINE, part: "other-engine" };
    case "timewait":
    case "gone":
      return null;
  }
};

const socketOf = (port: number, by: Outsider): SocketSeen => {
  const holder = holderOf(by);
  const common = { family: 4, localPort: port, uid: holder?.uid ?? 0, holder } as const;
  return by === "listener" || by === "other-engine"
    ? {
        ...common,
        localAddress: "0.0.0.0",
        remoteAddress: "0.0.0.0",
        remotePort: 0,
        state: "listen",
      }
    : {
        ...common,
        localAddress: "127.0.0.1",
        remoteAddress: "127.0.0.1",
        remotePort: REMOTE_PORT,
        state: by === "outbound" ? "established" : "time-wait",
      };
};

export class HostPorts {
  readonly #held = new Map<number, Outsider>();

  hold(port: number, by: Outsider): void {
    this.#held.set(port, by);
  }

  vacate(port: number): void {
    this.#held.delete(port);
  }

  has(port: number): boolean {
    return this.#held.has(port);
  }

  /** Whether a connection to this port is accepted. */
  listens(port: number): boolean {
    const by = this.#held.get(port);
    return by === "listener" || by === "other-engine";
  }

  /** True when it is in the way of a bind. */
  refuses(port: number): boolean {
    const by = this.#held.get(port);
    if (by === "gone") this.vacate(port);
    return by !== undefined;
  }

  /** Their sockets as the kernel's table shows them. */
  sockets(): readonly SocketSeen[] {
    return [...this.#held].map(([port, by]) => socketOf(port, by));
  }

  get otherEngineRuns(): boolean {
    return [...this.#held.values()].includes("other-engine");
  }
}
