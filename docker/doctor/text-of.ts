import { readFile } from "node:fs/promises";

/** What a file says; null where it is not there or not ours to read. */
export const textOf = (path: string): Promise<string | null> =>
  readFile(path, "utf8").catch(() => null);
