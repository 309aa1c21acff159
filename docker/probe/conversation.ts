import type { Duplex } from "node:stream";
import { cutOff } from "./cut-off.ts";
import type { Dial } from "./dial.ts";
import { abortReason } from "./words.ts";

/** Longest line and longest unit of any of the protocols here; more is not the service we know. */
const MOST_BYTES = 1 << 20;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Reads a byte stream in the pieces a protocol wants, however the network cut it. One reader at a time. */
export class Conversation {
  readonly #stream: Duplex;
  #received = Buffer.alloc(0);
  #waiter: Waiter | null = null;
  #failure: Error | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#release()?.resolve();
    });
    stream.on("end", () => {
      this.fail(new Error("the other side closed the connection"));
    });
    stream.on("error", (error) => {
      this.fail(error);
    });
    stream.on("close", () => {
      this.fail(new Error("the connection is closed"));
    });
  }

  /** Ends every present and future read with this error, once what has arrived is read; the first one stays. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#release()?.reject(this.#failure);
  }

  write(bytes: Buffer | string): void {
    this.#stream.write(bytes);
  }

  /**
   * Exactly `length` bytes.
   *
   * @param length - 0 … 1 MiB
   */
  async take(length: number): Promise<Buffer> {
    if (length > MOST_BYTES) throw new Error(`an answer of ${String(length)} bytes was announced`);
    while (this.#received.length < length) await this.#more();
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  /** Up to the next CR LF, which is read and left out. */
  async takeLine(): Promise<string> {
    for (let searched = 0; ;) {
      const end = this.#received.indexOf("\r\n", searched);
      if (end >= 0) return (await this.take(end + 2)).toString("latin1", 0, end);
      if (this.#received.length > MOST_BYTES) throw new Error("a line without an end");
      searched = Math.max(0, this.#received.length - 1);
      await this.#more();
    }
  }

  /** All that comes until the other side closes. */
  async takeRest(): Promise<Buffer> {
    while (this.#failure === null) {
      if (this.#received.length > MOST_BYTES) throw new Error("an answer without an end");
      await this.#more().catch(() => undefined);
    }
    return await this.take(this.#received.length);
  }

  #release(): Waiter | null {
    const waiter = this.#waiter;
    this.#waiter = null;
    return waiter;
  }

  async #more(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }
}

/**
 * Dials, talks, and cuts the stream off, whether the talk succeeded, failed or was aborted.
 *
 * @throws the talk's or the socket's error, or the signal's reason
 */
export const converse = async <Result>(
  dial: Dial,
  signal: AbortSignal,
  talk: (conversation: Conversation) => Promise<Result>,
): Promise<Result> => {
  const stream = await dial(signal);
  const conversation = new Conversation(stream);
  const onAbort = (): void => {
    conversation.fail(abortReason(signal));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal.aborted) throw abortReason(signal);
    return await talk(conversation);
  } finally {
    signal.removeEventListener("abort", onAbort);
    cutOff(stream);
  }
};
