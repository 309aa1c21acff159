/** As much of Redis as publishes to subscribers and answers `PING`, for the programs of a routes job. */
import type { Socket } from "node:net";
import { Conversation } from "../../../docker/probe/conversation.ts";
import { receive } from "../../../docker/probe/redis.ts";

const bulk = (words: readonly string[]): string =>
  [
    `*${String(words.length)}\r\n`,
    ...words.map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`),
  ].join("");

export class RedisWithChannels {
  readonly #subscribers = new Set<Socket>();
  /** Local addresses to which nothing is published any more. */
  readonly muted = new Set<string>();

  async serve(socket: Socket): Promise<void> {
    const conversation = new Conversation(socket);
    try {
      for (;;) socket.write(this.#answer(await receive(conversation), socket));
    } catch {
      this.#subscribers.delete(socket);
    }
  }

  #answer([name = "", channel = "", message = ""]: readonly string[], socket: Socket): string {
    switch (name) {
      case "PING":
        return "+PONG\r\n";
      case "SUBSCRIBE":
        this.#subscribers.add(socket);
        return bulk(["subscribe", channel, "1"]);
      case "PUBLISH": {
        const told = [...this.#subscribers].filter(
          ({ localAddress = "" }) => !this.muted.has(localAddress),
        );
        for (const subscriber of told) subscriber.write(bulk(["message", channel, message]));
        return `:${String(told.length)}\r\n`;
      }
      default:
        return `-ERR unknown command '${name}'\r\n`;
    }
  }
}
