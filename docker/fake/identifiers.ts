import { seeded, type Random } from "../../harness/core/random.ts";

const WORDS = 8;

/** Ids as the daemon writes them, reproducible from the seed and the order of the calls. */
export class Identifiers {
  readonly #random: Random;

  constructor(seed: string) {
    this.#random = seeded(`${seed}/ids`);
  }

  /** 64 lower-case hexadecimal digits. */
  next(): string {
    const word = (): string =>
      this.#random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return Array.from({ length: WORDS }, word).join("");
  }
}
