import type { Behaviour } from "./behaviour.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { LogLines } from "./log-lines.ts";
import type { PortAllocator } from "./port-allocator.ts";
import type { RootlesskitPorts } from "./rootlesskit-ports.ts";

/** moby's maxAllocatePortAttempts. */
const ATTEMPTS = 10;

export interface PortWish {
  readonly containerPort: number;
  /** Empty: all addresses, IPv4 and IPv6. */
  readonly hostIp: string;
  /** Null: the daemon chooses. */
  readonly hostPort: number | null;
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface PortMapperParts {
  readonly allocator: PortAllocator;
  readonly rootlesskit: RootlesskitPorts;
  readonly behaviour: Behaviour;
  readonly log: DaemonLog;
  readonly lines: LogLines;
}

/**
 * Publishes ports in two steps, as a rootless daemon does: its own allocator in its own namespace, then RootlessKit
 * in the host's. IPv6 is taken to succeed wherever IPv4 does.
 */
export class PortMapper {
  readonly #allocator: PortAllocator;
  readonly #rootlesskit: RootlesskitPorts;
  readonly #behaviour: Behaviour;
  readonly #log: DaemonLog;
  readonly #lines: LogLines;

  constructor({ allocator, rootlesskit, behaviour, log, lines }: PortMapperParts) {
    this.#allocator = allocator;
    this.#rootlesskit = rootlesskit;
    this.#behaviour = behaviour;
    this.#log = log;
    this.#lines = lines;
  }

  /**
   * All of a container's ports, or none.
   *
   * @throws Error with the daemon's words for the first that cannot be had
   */
  publish(container: string, wishes: readonly PortWish[]): readonly PublishedPort[] {
    const published: PublishedPort[] = [];
    try {
      for (const wish of wishes) published.push(this.#publishOne(container, wish));
      return published;
    } catch (error) {
      this.withdraw(published);
      throw error;
    }
  }

  withdraw(published: readonly PublishedPort[]): void {
    for (const { hostPort } of published) {
      this.#rootlesskit.remove(hostPort);
      this.#allocator.release(hostPort);
    }
  }

  #publishOne(container: string, wish: PortWish): PublishedPort {
    const retries = wish.hostPort === null && this.#behaviour.retriesAddPort;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#attempt(container, wish);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        if (wish.hostPort !== null) {
          this.#log.append(...this.#lines.fixedPortRefused(wish.hostPort, words));
        }
        // The last attempt is logged like those that another follows.
        if (retries) this.#log.append(this.#lines.portRetried(words, attempt));
        if (!retries || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  #attempt(
    container: string,
    { containerPort, hostIp, hostPort: wanted }: PortWish,
  ): PublishedPort {
    const address = hostIp === "" ? "0.0.0.0" : hostIp;
    const hostPort =
      wanted === null ? this.#allocator.allocate() : this.#allocator.claim(wanted, address);
    try {
      this.#rootlesskit.add(hostPort, address, { container, containerPort });
    } catch (error) {
      this.#allocator.release(hostPort);
      const words = error instanceof Error ? error.message : String(error);
      throw new Error(this.#behaviour.addPortRefused(words), { cause: error });
    }
    return { containerPort, hostIp, hostPort };
  }
}
