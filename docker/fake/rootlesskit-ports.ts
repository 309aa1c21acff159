import type { Forward as ForwardSeen } from "../../harness/core/evidence.ts";
import type { HostPorts } from "./host-ports.ts";

/** `net.ipv4.ip_unprivileged_port_start` of the simulated host. */
export const UNPRIVILEGED_START = 1024;

/** Where the daemon listens behind RootlessKit's builtin port driver. */
const CHILD_IP = "127.0.0.1";

/** A container's port behind a port of the host. */
export interface Forward {
  /** The container's id. */
  readonly container: string;
  readonly containerPort: number;
}

interface Entry {
  readonly id: number;
  readonly parentIp: string;
  /** Null for a forward whose container is gone: RootlessKit still holds it. */
  readonly forward: Forward | null;
}

/**
 * RootlessKit's port driver: it binds in the host's namespace, where other programs have ports too.
 *
 * The words are RootlessKit's own, which the daemon passes on.
 */
export class RootlesskitPorts {
  readonly #host: HostPorts;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  constructor(host: HostPorts) {
    this.#host = host;
  }

  /** @throws Error with RootlessKit's words when the host's port cannot be had */
  add(port: number, hostIp: string, forward: Forward): void {
    // RootlessKit asks its own table before the kernel.
    const known = this.#entries.get(port);
    if (known !== undefined) throw new Error(`conflict with ID ${String(known.id)}`);
    const listen = `listen tcp4 ${hostIp}:${String(port)}: bind`;
    if (port < UNPRIVILEGED_START) {
      throw new Error(
        `cannot expose privileged port ${String(port)}, you can add 'net.ipv4.ip_unprivileged_port_start=${String(port)}' to /etc/sysctl.conf (currently 1024), or set CAP_NET_BIND_SERVICE on rootlesskit binary, or choose a larger port number (>= 1024): ${listen}: permission denied`,
      );
    }
    if (this.#host.refuses(port)) throw new Error(`${listen}: address already in use`);
    this.#enter(port, hostIp, forward);
  }

  /** Removes such a forward; one with a container behind it stays. */
  removeLeaked(port: number): void {
    if (this.#entries.get(port)?.forward === null) this.#entries.delete(port);
  }

  /** It is gone, and everything it listened on with it. */
  end(): void {
    this.#entries.clear();
  }

  /** A forward for nobody, as a defect leaves one behind. */
  leak(port: number): void {
    this.#enter(port, "0.0.0.0", null);
  }

  remove(port: number): void {
    this.#entries.delete(port);
  }

  /** What a connection to this host port reaches; null where RootlessKit does not listen. */
  at(port: number): Forward | null {
    return this.#entries.get(port)?.forward ?? null;
  }

  /** Host ports that RootlessKit listens on, leaked ones included. */
  listening(): readonly number[] {
    return [...this.#entries.keys()];
  }

  /** All entries, as `GET /v1/ports` shows them, in the order of their ids. */
  all(): readonly ForwardSeen[] {
    return [...this.#entries].map(([port, { id, parentIp }]) => ({
      id,
      protocol: "tcp4",
      parentIp,
      parentPort: port,
      childIp: CHILD_IP,
      childPort: port,
    }));
  }

  #enter(port: number, parentIp: string, forward: Forward | null): void {
    this.#lastId += 1;
    this.#entries.set(port, { id: this.#lastId, parentIp, forward });
  }
}
