/**
 * What the app's connections lead to: a server that streams, and a publisher into Redis. It runs on the host's network:
 * beside the engine's bridges or, where the engine's namespace is detached, beyond it.
 */
import type { Duplex } from "node:stream";
import { Conversation } from "./conversation.ts";
import { cutOff } from "./cut-off.ts";
import type { Dial } from "./dial.ts";
import { command } from "./redis.ts";
import type { OutsideOrder } from "./routes-orders.ts";
import type { AddressesSaid } from "./traffic-lines.ts";

export const CHANNEL = "rootless-stress";

/** First line of a connection: which of two questions it is; before addresses are told, with the nonce. */
export const ASK_ADDRESSES = "addresses";
export const ASK_STREAM = "stream";

const CRLF = "\r\n";

interface ServeOptions extends Pick<OutsideOrder, "everyMs" | "nonce"> {
  readonly addresses: () => AddressesSaid;
}

/** Each message has its number and how many of the client's have come; never rejects. */
const stream = async (
  conversation: Conversation,
  connection: Duplex,
  everyMs: number,
): Promise<void> => {
  let pushed = 0;
  let received = 0;
  const timer = setInterval(() => {
    pushed += 1;
    conversation.write(`${String(pushed)} ${String(received)}${CRLF}`);
  }, everyMs);
  try {
    for (;;) {
      await conversation.takeLine();
      received += 1;
    }
  } finally {
    clearInterval(timer);
    cutOff(connection);
  }
};

/** Serves one connection until its other side ends it; never rejects. */
export const serveOutside = async (
  connection: Duplex,
  { everyMs, nonce, addresses }: ServeOptions,
): Promise<void> => {
  const conversation = new Conversation(connection);
  try {
    switch (await conversation.takeLine()) {
      case `${ASK_ADDRESSES} ${nonce}`:
        connection.end(`${JSON.stringify(addresses())}${CRLF}`);
        return;
      case ASK_STREAM:
        await stream(conversation, connection, everyMs);
        return;
      default:
        cutOff(connection);
    }
  } catch {
    // Whoever ended it knows: what became of a connection is what the app says of it.
    cutOff(connection);
  }
};

export interface PublishOptions extends Pick<OutsideOrder, "everyMs"> {
  readonly dial: Dial;
  /** Resolves after the duration, or at once when the signal aborts; never rejects. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const publishOver = async (
  connection: Duplex,
  { everyMs, sleep, signal }: PublishOptions,
): Promise<void> => {
  const conversation = new Conversation(connection);
  for (let message = 1; !signal.aborted; message += 1) {
    await command(conversation, ["PUBLISH", CHANNEL, String(message)]);
    await sleep(everyMs, signal);
  }
};

/** Publishes until the signal aborts, as soon as and as often as Redis is there; never rejects. */
export const publish = async (options: PublishOptions): Promise<void> => {
  const { dial, everyMs, sleep, signal } = options;
  while (!signal.aborted) {
    let connection: Duplex | null = null;
    try {
      connection = await dial(signal);
      await publishOver(connection, options);
    } catch {
      await sleep(everyMs, signal);
    } finally {
      if (connection !== null) cutOff(connection);
    }
  }
};
