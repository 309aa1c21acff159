/**
 * Fetches a file over HTTP, and tells which file it is.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StressError } from "../../harness/core/errors.ts";

/** The innermost words: fetch itself only says that it failed. */
const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? thrown.message : reasonOf(thrown.cause);
};

/**
 * Writes what is at an address to a file; half of it may be there when this rejects.
 *
 * @throws StressError("environment") with the server's answer, or how the connection ended
 */
export const download = async (
  address: string,
  target: string,
  signal: AbortSignal,
): Promise<void> => {
  const failed = (why: string, options?: ErrorOptions): StressError =>
    new StressError("environment", `Cannot download ${address}: ${why}`, options);
  try {
    const response = await fetch(address, {
      // A server that calls an archive encoded would have it unpacked on the way.
      headers: { "accept-encoding": "identity" },
      signal,
    });
    if (!response.ok || response.body === null) {
      throw failed(
        `the server answers ${`${String(response.status)} ${response.statusText}`.trim()}`,
      );
    }
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StressError) throw cause;
    throw failed(reasonOf(cause), { cause });
  }
};

/** Sixty-four hex digits. */
export const sha256Of = async (file: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest("hex");
};
