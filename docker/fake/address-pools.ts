import type { Pool } from "../../harness/core/known-engines.ts";
import type { Behaviour } from "./behaviour.ts";
import { Refused } from "./refused.ts";
import { overlaps, subnetAt, subnetOf, type Subnet } from "./subnets.ts";

const subnetCount = ({ base, size }: Pool): number => 2 ** (size - Number(base.split("/")[1]));

type Words = Pick<Behaviour, "exhausted" | "overlap" | "subnetOrder">;

/** The daemon's local address space: which subnets are given away. */
export class AddressPools {
  readonly #pools: readonly Pool[];
  readonly #count: number;
  readonly #words: Words;
  /** Subnets cut from the pools, by their number in the pools' order. */
  readonly #taken = new Map<number, Subnet>();
  /** Subnets that a user named; checked one by one, for they are few. */
  readonly #named = new Set<Subnet>();
  readonly #numbers = new Map<Subnet, number>();
  #searchFrom = 0;

  constructor(pools: readonly Pool[], words: Words) {
    this.#pools = pools;
    this.#count = pools.reduce((sum, pool) => sum + subnetCount(pool), 0);
    this.#words = words;
  }

  /** @throws Refused when every subnet is taken, with the version's words */
  allocate(): Subnet {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const number = (this.#searchFrom + tried) % this.#count;
      if (this.#taken.has(number)) continue;
      const subnet = this.#subnet(number);
      if ([...this.#named].some((named) => overlaps(named, subnet))) continue;
      this.#taken.set(number, subnet);
      this.#numbers.set(subnet, number);
      this.#searchFrom = (number + 1) % this.#count;
      return subnet;
    }
    throw new Refused(this.#words.exhausted.status, this.#words.exhausted.message);
  }

  /**
   * Takes the subnet that a user named.
   *
   * @throws Refused 403 when it overlaps one that is taken
   */
  claim(cidr: string): Subnet {
    const subnet = subnetOf(cidr);
    const others = [...this.#taken.values(), ...this.#named];
    if (others.some((other) => overlaps(other, subnet)))
      throw new Refused(403, this.#words.overlap);
    this.#named.add(subnet);
    return subnet;
  }

  release(subnet: Subnet): void {
    this.#named.delete(subnet);
    const number = this.#numbers.get(subnet);
    if (number !== undefined) this.#taken.delete(number);
    this.#numbers.delete(subnet);
    // The search goes up from the lowest that may be free; what a named subnet had hidden may be any.
    if (this.#words.subnetOrder === "lowest-free") {
      this.#searchFrom = Math.min(this.#searchFrom, number ?? 0);
    }
  }

  #subnet(number: number): Subnet {
    let within = number;
    for (const pool of this.#pools) {
      const amount = subnetCount(pool);
      if (within < amount) {
        return subnetAt(subnetOf(pool.base).first + within * 2 ** (32 - pool.size), pool.size);
      }
      within -= amount;
    }
    throw new RangeError(`no subnet ${String(number)}`);
  }
}
