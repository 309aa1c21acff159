/**
 * Enough of the Redis protocol (RESP2) to send a command and read its answer.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import type { Conversation } from "./conversation.ts";

const MOST_ITEMS = 100_000;

const encode = (words: readonly string[]): string =>
  [
    `*${String(words.length)}\r\n`,
    ...words.map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`),
  ].join("");

const lengthOf = (line: string): number => {
  const length = Number(line.slice(1));
  if (!Number.isInteger(length) || length < -1 || length > MOST_ITEMS * 10) {
    throw new Error(`not the Redis protocol: ${JSON.stringify(line)}`);
  }
  return length;
};

/**
 * The items of the next answer, or of the next message to a subscriber.
 *
 * @throws Error with the server's words
 */
export const receive = async (conversation: Conversation): Promise<readonly string[]> => {
  const line = await conversation.takeLine();
  switch (line.slice(0, 1)) {
    case "+":
    case ":":
      return [line.slice(1)];
    case "-":
      throw new Error(line.slice(1));
    case "$": {
      const length = lengthOf(line);
      if (length < 0) return [];
      return [(await conversation.take(length + 2)).toString("utf8", 0, length)];
    }
    case "*": {
      const items: string[] = [];
      for (let left = lengthOf(line); left > 0; left -= 1) {
        items.push(...(await receive(conversation)));
      }
      return items;
    }
    default:
      throw new Error(`not the Redis protocol: ${JSON.stringify(line.slice(0, 80))}`);
  }
};

/**
 * Sends one command.
 *
 * @returns the answer's items; one for a plain answer, none for nil
 * @throws Error with the server's words, e.g. `LOADING Redis is loading the dataset in memory`
 */
export const command = async (
  conversation: Conversation,
  words: readonly string[],
): Promise<readonly string[]> => {
  conversation.write(encode(words));
  return await receive(conversation);
};
