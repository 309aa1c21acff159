/**
 * The engine's own `daemon.json`, and which data it may share with another engine.
 */
import { messageOf, StressError } from "../../harness/core/errors.ts";
import type { EngineDirectory } from "./engine-directory.ts";
import { contentKey } from "./state-directory.ts";

export type DaemonJson = Readonly<Record<string, unknown>>;

/** Where the engine is and what it may touch: decided by its slot, whatever a `daemon.json` says. */
export const DECIDED_HERE: readonly string[] = [
  "hosts",
  "data-root",
  "exec-root",
  "pidfile",
  "tls",
  "tlsverify",
];

/** Settings that decide how images and containers lie on disk. */
const OF_STORAGE = [
  "storage-driver",
  "storage-opts",
  "userns-remap",
  "features",
  "containerd-namespace",
];

export interface DaemonConfig {
  /** The text for `--config-file`. */
  readonly text: string;
  /** Keys of the user's that were left out. */
  readonly ignored: readonly string[];
}

/** The `daemon.json` of an engine: the user's, with the engine's own place in it. Pure. */
export const daemonConfig = (json: DaemonJson | null, dataRoot: string): DaemonConfig => {
  const kept = Object.entries(json ?? {}).filter(([key]) => !DECIDED_HERE.includes(key));
  return {
    text: `${JSON.stringify({ ...Object.fromEntries(kept), "data-root": dataRoot }, null, 2)}\n`,
    ignored: Object.keys(json ?? {}).filter((key) => DECIDED_HERE.includes(key)),
  };
};

/**
 * The same for engines that understand each other's data; sixteen hex digits. Pure.
 *
 * @param uid - of the account the engine runs as, which owns the data
 */
export const storageKey = (
  json: DaemonJson | null,
  engine: Pick<EngineDirectory, "daemon" | "version">,
  uid: number,
): string =>
  contentKey([
    String(uid),
    engine.daemon,
    engine.version,
    ...OF_STORAGE.map((key) => JSON.stringify(json?.[key] ?? null)),
  ]);

/**
 * A `daemon.json` as the user wrote it.
 *
 * @param file - named in the message
 * @throws StressError("usage") when it is no JSON object
 */
export const parseDaemonJson = (source: string, file: string): DaemonJson => {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    // V8 quotes the source, line breaks included.
    const why = messageOf(cause).replace(/\s+/g, " ");
    throw new StressError("usage", `${file} is not JSON: ${why}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new StressError("usage", `${file} must hold a JSON object, as daemon.json does`);
  }
  return value as DaemonJson;
};
