import { open } from "node:fs/promises";

/** Bytes taken in one reading; a daemon in debug mode writes some megabytes in a burst. */
const MOST_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Reads a growing log file, each time from where the last reading ended. */
export class LogFile {
  readonly #path: string;
  /** Null: the first reading finds the file's end and begins there. */
  #offset: number | null;
  #inode: number | null = null;
  /** The beginning of a line whose end was not written yet. */
  #rest = Buffer.alloc(0);

  /** @param from - `end`: only what is written after the first reading */
  constructor(path: string, from: "start" | "end") {
    this.#path = path;
    this.#offset = from === "start" ? 0 : null;
  }

  /**
   * The whole lines written since the last call, oldest first; null where the file cannot be read.
   *
   * A file that was cut or replaced is read from its start: what was written to the old one since the last call
   * is lost. Beyond 64 MB the rest of a reading is passed over, and a last line says so.
   */
  async newLines(): Promise<readonly string[] | null> {
    try {
      const file = await open(this.#path, "r");
      try {
        const { size, ino } = await file.stat();
        const replaced = this.#inode !== null && this.#inode !== ino;
        this.#inode = ino;
        this.#offset ??= size;
        if (replaced || size < this.#offset) this.#startOver();
        const unread = size - this.#offset;
        const buffer = Buffer.alloc(Math.min(unread, MOST_BYTES));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        const lines = this.#take(buffer.subarray(0, bytesRead));
        if (unread <= MOST_BYTES) {
          this.#offset += bytesRead;
          return lines;
        }
        this.#offset = size;
        this.#rest = Buffer.alloc(0);
        const passed = String(unread - bytesRead);
        return [...lines, `rootless-stress: ${passed} bytes of the log were passed over`];
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }

  #startOver(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** Bytes, not text, are kept for later: a character may be cut in two as well as a line. */
  #take(read: Buffer): readonly string[] {
    const all = Buffer.concat([this.#rest, read]);
    const end = all.lastIndexOf(NEWLINE);
    this.#rest = Buffer.from(all.subarray(end + 1));
    return end === -1 ? [] : all.toString("utf8", 0, end).split("\n");
  }
}
