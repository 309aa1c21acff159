import { setTimeout as wait } from "node:timers/promises";
import { seeded, type Random } from "../../harness/core/random.ts";

export interface Latency {
  /** For every call, in milliseconds, at least 0. */
  readonly perCall: number;
  /** For every published port, in milliseconds, at least 0. */
  readonly perPort: number;
  /** How far a wait may be from its mean, as a fraction of 1. */
  readonly jitter: number;
}

/** How long the simulated daemon takes. A wait of nothing does not even yield to the event loop's timers. */
export class Delays {
  readonly #latency: Latency;
  readonly #random: Random;
  readonly #stopped: AbortSignal;

  constructor(latency: Latency, seed: string, stopped: AbortSignal) {
    this.#latency = latency;
    this.#random = seeded(`${seed}/latency`);
    this.#stopped = stopped;
  }

  call(): Promise<void> {
    return this.for(this.#jittered(this.#latency.perCall));
  }

  ports(amount: number): Promise<void> {
    return this.for(this.#jittered(this.#latency.perPort * amount));
  }

  /** @throws AbortError when the engine stops meanwhile */
  async for(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await wait(milliseconds, undefined, { signal: this.#stopped });
  }

  #jittered(mean: number): number {
    return mean * (1 + this.#latency.jitter * (2 * this.#random.next() - 1));
  }
}
