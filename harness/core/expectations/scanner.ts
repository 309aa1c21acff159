/**
 * A line of text read from left to right, with complaints that name the column.
 */
import { StressError } from "../errors.ts";

const SHOWN = 24;

export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next word begins, for `refuse`. */
  get here(): number {
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
    return this.#at;
  }

  get ended(): boolean {
    return this.here === this.#text.length;
  }

  /** Reads what the pattern matches at this place, white space skipped; null where it does not match. */
  take(pattern: RegExp): string | null {
    const found = new RegExp(pattern.source, "y");
    found.lastIndex = this.here;
    const word = found.exec(this.#text)?.[0];
    if (word === undefined || word === "") return null;
    this.#at += word.length;
    return word;
  }

  /** Reads exactly this. */
  expect(symbol: string): void {
    if (!this.#text.startsWith(symbol, this.here)) this.refuse(`expected ${symbol}`);
    this.#at += symbol.length;
  }

  /** @throws StressError("usage"), always, naming the column from 1 and what stands there */
  refuse(why: string, at = this.here): never {
    const rest = this.#text.slice(at);
    const shown = rest.length > SHOWN ? `${rest.slice(0, SHOWN)}…` : rest;
    const found = rest === "" ? "the end" : JSON.stringify(shown);
    throw new StressError(
      "usage",
      `--expect ${JSON.stringify(this.#text)}: ${why}, at column ${String(at + 1)}: ${found}`,
    );
  }
}
