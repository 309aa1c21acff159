/**
 * Files that others read while they are written: whole, or as they were before.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, StressError } from "../core/errors.ts";

/** What a name stands for must be on the disk before the name is. Of a directory: the names in it. */
export const toDisk = (path: string): void => {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Why it could not be written is what counts, not why this cannot be removed. */
const removeQuietly = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
};

/**
 * Beside it first and on the disk, then renamed: a reader, a full disk and a power cut find the old file or the new
 * one, and two processes that write it at once do not write into each other's. The name beside it ends in `.new`, which
 * node_exporter's textfile collector passes over.
 *
 * @throws StressError("output")
 */
export const writeWhole = (path: string, content: string): void => {
  const beside = `${path}.${String(process.pid)}.new`;
  try {
    writeFileSync(beside, content, { flush: true });
    renameSync(beside, path);
    toDisk(dirname(path));
  } catch (error) {
    removeQuietly(beside);
    throw new StressError("output", `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
};
