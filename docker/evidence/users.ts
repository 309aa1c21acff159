import { readFile } from "node:fs/promises";

/** The names in the text of `/etc/passwd`, by uid; of several, the first. */
export const userNamesIn = (passwd: string): ReadonlyMap<number, string> => {
  const names = new Map<number, string>();
  for (const line of passwd.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name === undefined || uid === undefined || uid === "") continue;
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
};

/** The local users of this machine, by uid; empty where they cannot be read. */
export const userNames = async (): Promise<ReadonlyMap<number, string>> =>
  readFile("/etc/passwd", "utf8").then(userNamesIn, () => new Map());
