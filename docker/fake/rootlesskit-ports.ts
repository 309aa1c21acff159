const UNPRIVILEGED_START = 1024;

/** A container's port behind a port of the host. */
export interface Forward {
  /** The container's id. */
  readonly container: string;
  readonly containerPort: number;
}

interface Entry {
  readonly id: number;
  /** Null for a forward whose container is gone: RootlessKit still holds it. */
  readonly forward: Forward | null;
}

/**
 * RootlessKit's port driver: it binds in the host's namespace, where other programs have ports too.
 *
 * The words are RootlessKit's own, which the daemon passes on.
 */
export class RootlesskitPorts {
  /** Host ports held by somebody outside: a listener, a connection's ephemeral port, another daemon. */
  readonly occupied: Set<number>;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  /** @param leaked - host ports that RootlessKit holds for containers long gone */
  constructor(occupied: readonly number[], leaked: readonly number[]) {
    this.occupied = new Set(occupied);
    for (const port of leaked) this.#enter(port, null);
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
    if (this.occupied.has(port)) throw new Error(`${listen}: address already in use`);
    this.#enter(port, forward);
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

  #enter(port: number, forward: Forward | null): void {
    this.#lastId += 1;
    this.#entries.set(port, { id: this.#lastId, forward });
  }
}
