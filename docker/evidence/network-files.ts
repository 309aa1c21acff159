/**
 * What `/proc/PID/net` says of a network namespace; every user may read it for every process.
 */
import { readFile, readlink, stat } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { inNamespace, type EngineNamespace } from "./namespace.ts";

const PATIENCE_MS = 5000;

/** A process that lives in the namespace which a file keeps; null where none is seen. */
const residentOf = async (path: string): Promise<string | null> => {
  const wanted = `net:[${String((await stat(path)).ino)}]`;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => null)),
  );
  return pids[names.indexOf(wanted)] ?? null;
};

const unlessNone = (texts: readonly (string | null)[]): readonly string[] | null =>
  texts.every((text) => text === null) ? null : texts.map((text) => text ?? "");

const filesOf = async (
  pid: string,
  names: readonly string[],
): Promise<readonly string[] | null> => {
  const texts = await Promise.all(
    names.map((name) =>
      // Addresses and numbers: latin1 is decoded fastest, and a table may have megabytes.
      readFile(`/proc/${pid}/net/${name}`, "latin1").catch(() => null),
    ),
  );
  return unlessNone(texts);
};

const detachedFiles = async (
  namespace: Extract<EngineNamespace, { kind: "file" }>,
  names: readonly string[],
): Promise<readonly string[] | null> => {
  const resident = await residentOf(namespace.path);
  const seen = resident === null ? null : await filesOf(resident, names);
  // It may have ended in between, docker-proxies do.
  if (seen !== null) return seen;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const texts = await Promise.all(
    names.map((name) =>
      inNamespace(namespace, "cat", [`/proc/self/net/${name}`], signal).catch(() => null),
    ),
  );
  return unlessNone(texts);
};

/**
 * The texts of some files below `/proc/net` as the namespace has them, in the order of their names; empty for a
 * file that is not there, null where none can be read. Reading has begun when it returns.
 *
 * @param names - such as `tcp` or `dev`
 */
export const networkFiles = async (
  namespace: EngineNamespace,
  names: readonly string[],
): Promise<readonly string[] | null> => {
  switch (namespace.kind) {
    case "host":
      return await filesOf("self", names);
    case "pid":
      return await filesOf(String(namespace.pid), names);
    case "file":
      return await detachedFiles(namespace, names).catch(() => null);
  }
};
