/** As much of ClickHouse's HTTP interface as the probe uses: `/ping`, `SELECT 1`, and one table of nonces. */
import type { Conversation } from "../probe/conversation.ts";

const headersOf = async (conversation: Conversation): Promise<number> => {
  let length = 0;
  for (;;) {
    const line = await conversation.takeLine();
    if (line === "") return length;
    const value = /^content-length: *(\d+)$/i.exec(line)?.[1];
    if (value !== undefined) length = Number(value);
  }
};

const plain = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: Keep-Alive\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;

/** Results come in chunks, as from the real one. */
const chunked = (body: string): string => {
  const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
};

const answer = (sql: string, nonces: Set<string>): string => {
  if (sql === "SELECT 1") return chunked("1\n");
  if (sql.startsWith("SELECT DISTINCT nonce ")) {
    return chunked([...nonces].map((nonce) => `${nonce}\n`).join(""));
  }
  if (sql.startsWith("CREATE TABLE ")) return chunked("");
  const inserted = /^INSERT .*VALUES \('([^']*)'\)$/.exec(sql)?.[1];
  if (inserted === undefined) {
    return plain("400 Bad Request", "Code: 62, e.displayText() = DB::Exception: Syntax error");
  }
  nonces.add(inserted);
  return chunked("");
};

/** Serves one connection until its client goes. @throws Error when it does */
export const serveClickhouse = async (
  conversation: Conversation,
  nonces: Set<string>,
): Promise<void> => {
  for (;;) {
    const [method, path] = (await conversation.takeLine()).split(" ");
    const length = await headersOf(conversation);
    const body = (await conversation.take(length)).toString();
    if (path === "/ping") conversation.write(plain("200 OK", "Ok.\n"));
    else if (method === "POST") conversation.write(answer(body, nonces));
    else conversation.write(plain("404 Not Found", "There is no handle\n"));
  }
};
