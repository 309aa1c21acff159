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

/** For an answer that is not there yet, in milliseconds, where no signal says otherwise. */
const ANSWER_MS = 10_000;

/** A list of all forwards of a busy RootlessKit takes a few hundred KiB; a goroutine dump some MiB. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * No redirect is followed.
 *
 * @throws the socket's error (ENOENT, ECONNREFUSED, …), the signal's reason if the answer does not come, or Error for
 * one that is longer than 64 MiB
 */
export const unixRequest = ({
  socketPath,
  method,
  path,
  body,
  signal = AbortSignal.timeout(ANSWER_MS),
}: UnixRequest): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const options = { socketPath, method, path, headers, agent: false, signal };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > MOST_BYTES) response.destroy(new Error("the answer is longer than 64 MiB"));
      });
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
      response.once("error", reject);
    });
    asking.once("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
