import { open } from "node:fs/promises";

/**
 * Log-only lines of Engine 24 and later, printed at every container start where dockerd lives outside the
 * network namespace of its containers (the default of rootless engines since 29.5).
 *
 * @see moby/moby daemon/libnetwork/osl/namespace_linux.go, `InvokeFunc` (warning) and `setIPv6` (error)
 */
const NETNS_RESTORE =
  /failed to restore thread's network namespace|libnetwork: restoring thread network namespace failed/;

export const isNetnsRestoreLine = (line: string): boolean => NETNS_RESTORE.test(line);

/**
 * The daemon tries another dynamic port, up to ten times: 20.10–27 (`…: %v, retry: %d`) and 28.3–28.5
 * (`… attempt=%d`). A fixed port is refused with the same first words and neither of the others.
 *
 * @see moby/moby libnetwork/drivers/bridge/port_mapping.go, port_mapping_linux.go
 */
const PORT_RETRY = /Failed to allocate and map port\b.*(?:, retry: \d|\battempt=\d)/;

export const isPortRetryLine = (line: string): boolean => PORT_RETRY.test(line);

/** Reads a growing log file, each time from where the last reading ended. */
export class DaemonLog {
  readonly #path: string;
  #offset = 0;
  /** The beginning of a line whose end was not written yet. */
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines written since the last call, oldest first; null where the file cannot be read. */
  async newLines(): Promise<readonly string[] | null> {
    try {
      const file = await open(this.#path, "r");
      try {
        const { size } = await file.stat();
        const buffer = Buffer.alloc(Math.max(0, size - this.#offset));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        this.#offset += bytesRead;
        const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
        this.#rest = lines.pop() ?? "";
        return lines;
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }
}
