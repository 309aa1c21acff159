/**
 * One HTTP exchange over a unix socket, on a connection of its own.
 */
import { request } from "node:http";

export interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface UnixRequest {
  readonly socketPath: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Query included. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** @throws the socket's error (ENOENT, ECONNREFUSED, …), or the signal's reason when the answer does not come */
export const unixRequest = ({
  socketPath,
  method,
  path,
  body,
  signal,
}: UnixRequest): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const options = { socketPath, method, path, headers, agent: false };
    const asking = request({ ...options, ...(signal && { signal }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
      response.once("error", reject);
    });
    asking.once("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
