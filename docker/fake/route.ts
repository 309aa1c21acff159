import type { ServerResponse } from "node:http";
import type { Reply } from "./reply.ts";

/** One request, taken apart. */
export interface ApiCall {
  /** The variable parts of the path, decoded. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** Decoded JSON; undefined where there was none. */
  readonly body: unknown;
  /** For answers that are streamed. */
  readonly response: ServerResponse;
}

export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Of the whole path without its version; its groups are the parameters. */
  readonly path: RegExp;
  /** Whatever it throws as Refused is answered as the daemon would. */
  readonly handle: (call: ApiCall) => Promise<Reply> | Reply;
}

/** `1`, `true` and everything else that is not the daemon's idea of no. */
export const flag = (query: URLSearchParams, name: string): boolean =>
  !["", "0", "no", "false", "none"].includes(query.get(name)?.toLowerCase() ?? "");
