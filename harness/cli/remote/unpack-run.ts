/**
 * A run directory that another machine sends, unpacked without trusting it: files and directories below the target,
 * and nothing else that a tar archive can hold.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { StressError } from "../../core/errors.ts";
import { toDisk } from "../write-whole.ts";

const BLOCK = 512;

export interface UnpackBounds {
  /** Of all files together. */
  readonly bytes: number;
  readonly members: number;
}

/** Journals of 50,000 jobs are a gigabyte. */
const BOUNDS: UnpackBounds = { bytes: 4 * 1024 ** 3, members: 10_000 };

const MOST_HEADER_BYTES = 64 * 1024;

const refuse = (why: string): never => {
  throw new StressError("corrupt", `what was sent is not a run: ${why}`);
};

/** Bytes as they come, taken in the pieces in which they are wanted. */
class Incoming {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Hands over so many bytes, as they come. @returns false where there were none at all */
  async pass(amount: number, to: (piece: Buffer) => void): Promise<boolean> {
    for (let left = amount; left > 0;) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return left === amount ? false : refuse("it is cut short");
        this.#rest = Buffer.from(next.value);
        continue;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      to(piece);
    }
    return true;
  }

  async take(amount: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    return (await this.pass(amount, (piece) => pieces.push(piece))) ? Buffer.concat(pieces) : null;
  }

  async drain(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

const textOf = (block: Buffer, from: number, length: number): string => {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString("utf8");
};

const octalOf = (block: Buffer, from: number, length: number): number => {
  const digits = textOf(block, from, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : refuse("a header of it is broken");
};

/** Offsets and widths as in POSIX.1-2017, pax, "ustar Interchange Format". */
const headerIn = (block: Buffer): Header => {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== octalOf(block, 148, 8)) refuse("a header of it is broken");
  const prefix = textOf(block, 257, 5) === "ustar" ? textOf(block, 345, 155) : "";
  const name = textOf(block, 0, 100);
  // GNU tar has two spaces behind its "ustar", and times of day where the prefix would be.
  const isGnu = textOf(block, 257, 8).startsWith("ustar  ");
  return {
    name: prefix === "" || isGnu ? name : `${prefix}/${name}`,
    size: octalOf(block, 124, 12),
    type: textOf(block, 156, 1),
  };
};

/** `path` of a pax header: lines of `LENGTH KEY=VALUE`. */
const paxPath = (content: string): string | null => /^\d+ path=(.*)$/m.exec(content)?.[1] ?? null;

/** Below the target, whatever the name says. */
const safePath = (name: string): string => {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const isOdd = name.startsWith("/") || parts.includes("..") || /[\p{Cc}\\]/u.test(name);
  return isOdd ? refuse(`${JSON.stringify(name)} leads out of it`) : parts.join("/");
};

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/**
 * @param archive - tar, in any of the forms that GNU tar, bsdtar and busybox write
 * @param target - an empty directory of ours
 * @throws StressError("corrupt") for anything but files and directories, or for more than the bounds allow; what was
 * unpacked before stays
 */
export const unpackRun = async (
  archive: AsyncIterable<Uint8Array>,
  target: string,
  bounds: UnpackBounds = BOUNDS,
): Promise<void> => {
  const incoming = new Incoming(archive);
  const directories = new Set([target]);
  let longName: string | null = null;
  let bytes = 0;
  for (let members = 0; ; members += 1) {
    const block = await incoming.take(BLOCK);
    if (block === null || block.every((byte) => byte === 0)) {
      // What is behind the end is read all the same: whoever sends it must not be cut off.
      await incoming.drain();
      // Whoever sent it removes its own copy when this one was judged.
      for (const directory of directories) toDisk(directory);
      return block === null ? refuse("it is cut short") : undefined;
    }
    if (members > bounds.members) refuse(`it has more than ${String(bounds.members)} files`);
    const { name, size, type } = headerIn(block);
    bytes += size;
    if (bytes > bounds.bytes) refuse(`it is larger than ${String(bounds.bytes)} bytes`);
    switch (type) {
      case "x":
      case "L": {
        if (size > MOST_HEADER_BYTES) refuse("a header of it is too long");
        const content = (await incoming.take(size)) ?? Buffer.alloc(0);
        const words = textOf(content, 0, content.length);
        longName = type === "L" ? words : (paxPath(words) ?? longName);
        break;
      }
      case "g":
        await incoming.pass(size, () => undefined);
        break;
      case "5": {
        const path = join(target, safePath(longName ?? name));
        mkdirSync(path, { recursive: true, mode: 0o700 });
        directories.add(path);
        longName = null;
        await incoming.pass(size, () => undefined);
        break;
      }
      case "":
      case "0": {
        const path = join(target, safePath(longName ?? name));
        longName = null;
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        directories.add(dirname(path));
        // Never one that is there already.
        const file = openSync(path, "wx", 0o600);
        try {
          await incoming.pass(size, (piece) => {
            for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
          });
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        break;
      }
      default:
        refuse(`${JSON.stringify(name)} is neither a file nor a directory`);
    }
    await incoming.pass(padding(size), () => undefined);
  }
};
