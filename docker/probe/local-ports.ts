/** Below every range from which kernels and container engines take ports by default (32768, or 15360 …). */
export const PROBE_PORTS = [10_240, 13_311] as const;

/**
 * Local ports for probes, so that a probe never occupies a port that RootlessKit may want.
 *
 * Round robin and without book-keeping: two probes of different services may share a local port, the kernel
 * refuses what collides, and the dialler then asks for the next.
 */
export class LocalPorts {
  readonly #first: number;
  readonly #last: number;
  #next: number;

  /** @param range - 1 ≤ first ≤ last ≤ 65535, both included; disjoint from `ip_local_port_range` */
  constructor(
    range: { readonly first: number; readonly last: number } = {
      first: PROBE_PORTS[0],
      last: PROBE_PORTS[1],
    },
  ) {
    this.#first = range.first;
    this.#last = range.last;
    this.#next = range.first;
  }

  /** How many ports there are to try. */
  get size(): number {
    return this.#last - this.#first + 1;
  }

  next(): number {
    const port = this.#next;
    this.#next = port === this.#last ? this.#first : port + 1;
    return port;
  }
}
