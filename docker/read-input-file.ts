/**
 * A file that the user names, read whole: the one way to read a configuration. What is no file, or far too large for
 * one, is refused before any of it is read, so that nothing waits on a pipe or fills the memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { messageOf, StressError } from "../harness/core/errors.ts";

/** In bytes; the largest configuration that anyone wrote by hand is a hundredth of it. */
const LARGEST_INPUT = 256 * 1024;

const kindOf = (stats: Stats): string => {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
};

const contentOf = (descriptor: number): string => {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) throw new Error(`this is ${kindOf(stats)}; name a file`);
  // One byte more than fits: a file may grow, and those of /proc have the size 0.
  const buffer = Buffer.alloc(LARGEST_INPUT + 1);
  let length = 0;
  for (;;) {
    const taken = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += taken;
    if (length > LARGEST_INPUT) {
      throw new Error(
        `it has more than ${LARGEST_INPUT.toLocaleString("en")} bytes, too many for a configuration`,
      );
    }
    if (taken === 0) return buffer.toString("utf8", 0, length);
  }
};

/**
 * @param name - how messages call it, such as `--config nightly.yml`
 * @throws StressError("usage") in one line
 */
export const readInputFile = (path: string, name: string = path): string => {
  try {
    // Opening a pipe would otherwise wait for its writer.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return contentOf(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new StressError("usage", `${name}: ${messageOf(cause)}`, { cause });
  }
};
