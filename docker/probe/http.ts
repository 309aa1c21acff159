/**
 * HTTP/1.1 over a stream that stays in our hand: Node's own client would close the connection in its own way.
 */
import type { Conversation } from "./conversation.ts";

const MOST_HEADERS = 100;

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const write = (conversation: Conversation, { method, path, body = "" }: HttpRequest): void => {
  conversation.write(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
};

const headersOf = async (conversation: Conversation): Promise<ReadonlyMap<string, string>> => {
  const headers = new Map<string, string>();
  for (;;) {
    const line = await conversation.takeLine();
    if (line === "") return headers;
    if (headers.size >= MOST_HEADERS)
      throw new Error("an HTTP answer without an end of its headers");
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
};

const chunksOf = async (conversation: Conversation): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for (;;) {
    const line = await conversation.takeLine();
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error(`an HTTP chunk without a size: ${line.slice(0, 80)}`);
    if (size === 0) {
      await headersOf(conversation);
      return Buffer.concat(chunks);
    }
    chunks.push(await conversation.take(size));
    await conversation.take(2);
  }
};

const bodyOf = async (
  conversation: Conversation,
  headers: ReadonlyMap<string, string>,
): Promise<Buffer> => {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return chunksOf(conversation);
  const length = headers.get("content-length");
  if (length === undefined) return conversation.takeRest();
  return conversation.take(Number(length));
};

/**
 * One request and its answer; several may follow each other on one connection.
 *
 * @throws Error when what comes back is not HTTP
 */
export const ask = async (
  conversation: Conversation,
  request: HttpRequest,
): Promise<HttpAnswer> => {
  write(conversation, request);
  const first = await conversation.takeLine();
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new Error(`not HTTP: ${JSON.stringify(first.slice(0, 80))}`);
  const body = await bodyOf(conversation, await headersOf(conversation));
  return { status: Number(status), body: body.toString() };
};
