/** ClickHouse over its HTTP interface, from 18.16 on. */
import type { Conversation } from "./conversation.ts";
import { ask, type HttpAnswer } from "./http.ts";

/** Enough of an exception's text to recognise it; stack traces follow. */
const MOST_WORDS = 500;

const words = ({ status, body }: HttpAnswer): string =>
  `HTTP ${String(status)}: ${body.trim().slice(0, MOST_WORDS)}`;

/** @throws Error with the answer's words unless the server says `Ok.` */
export const ping = async (conversation: Conversation): Promise<void> => {
  const answer = await ask(conversation, { method: "GET", path: "/ping" });
  if (answer.status !== 200 || answer.body.trim() !== "Ok.") throw new Error(words(answer));
};

/**
 * Runs one statement as the default user.
 *
 * @returns the lines of the answer, tab separated as ClickHouse writes them
 * @throws Error with the server's words, e.g. `HTTP 500: Code: 60, e.displayText() = …`
 */
export const query = async (
  conversation: Conversation,
  sql: string,
): Promise<readonly string[]> => {
  const answer = await ask(conversation, { method: "POST", path: "/", body: sql });
  if (answer.status !== 200) throw new Error(words(answer));
  return answer.body.split("\n").filter((line) => line !== "");
};
