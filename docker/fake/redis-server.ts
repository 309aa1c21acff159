/** As much of Redis as the probe uses: PING, SADD and SMEMBERS of one set. */
import type { Conversation } from "../probe/conversation.ts";

const bulk = (text: string): string => `$${String(Buffer.byteLength(text))}\r\n${text}\r\n`;

const receive = async (conversation: Conversation): Promise<readonly string[]> => {
  const words: string[] = [];
  const count = Number((await conversation.takeLine()).slice(1));
  for (let left = count; left > 0; left -= 1) {
    const length = Number((await conversation.takeLine()).slice(1));
    words.push((await conversation.take(length + 2)).toString("utf8", 0, length));
  }
  return words;
};

const answer = ([command = "", , member = ""]: readonly string[], nonces: Set<string>): string => {
  switch (command.toUpperCase()) {
    case "PING":
      return "+PONG\r\n";
    case "SADD": {
      const isNew = !nonces.has(member);
      nonces.add(member);
      return `:${isNew ? "1" : "0"}\r\n`;
    }
    case "SMEMBERS":
      return `*${String(nonces.size)}\r\n${[...nonces].map(bulk).join("")}`;
    default:
      return `-ERR unknown command '${command}'\r\n`;
  }
};

/** Serves one connection until its client goes. @throws Error when it does */
export const serveRedis = async (
  conversation: Conversation,
  nonces: Set<string>,
): Promise<void> => {
  for (;;) conversation.write(answer(await receive(conversation), nonces));
};

/** What Redis says to everything until its data is read in. @throws Error when the client goes */
export const refuseLoading = async (conversation: Conversation): Promise<void> => {
  for (;;) {
    await receive(conversation);
    conversation.write("-LOADING Redis is loading the dataset in memory\r\n");
  }
};
