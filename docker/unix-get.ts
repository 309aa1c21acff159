/**
 * One HTTP GET over a unix socket, on a connection of its own.
 */
import { unixRequest, type Reply } from "./unix-request.ts";

/** @throws the socket's error (ENOENT, ECONNREFUSED, …), or the signal's reason when the answer does not come */
export const unixGet = (socketPath: string, path: string, signal?: AbortSignal): Promise<Reply> =>
  unixRequest({ socketPath, method: "GET", path, ...(signal && { signal }) });
