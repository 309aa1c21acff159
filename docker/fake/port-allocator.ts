/**
 * The daemon's own table of ports, kept for addresses inside its network namespace. It hands dynamic ports out in
 * order, round robin, and knows nothing of the host's sockets: that is the defect this project exists for.
 */
export class PortAllocator {
  readonly #first: number;
  readonly #last: number;
  readonly #taken = new Set<number>();
  #cursor: number;

  /** @param range - both ends included */
  constructor([first, last]: readonly [number, number]) {
    this.#first = first;
    this.#last = last;
    this.#cursor = last;
  }

  /** The port handed out last; before the first, the range's last. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The next free port after the one handed out last. @throws Error `all ports are allocated` */
  allocate(): number {
    const size = this.#last - this.#first + 1;
    for (let tried = 0; tried < size; tried += 1) {
      this.#cursor = this.#cursor === this.#last ? this.#first : this.#cursor + 1;
      if (this.#taken.has(this.#cursor)) continue;
      this.#taken.add(this.#cursor);
      return this.#cursor;
    }
    throw new Error("all ports are allocated");
  }

  /** @throws Error when another container of this daemon has it */
  claim(port: number, hostIp: string): number {
    if (this.#taken.has(port)) {
      throw new Error(`Bind for ${hostIp}:${String(port)} failed: port is already allocated`);
    }
    this.#taken.add(port);
    return port;
  }

  release(port: number): void {
    this.#taken.delete(port);
  }
}
