/**
 * The record of a running engine: what another process needs to use it or to take it down.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import type { ProcessIdentity } from "./processes.ts";
import { SLOTS, slotPaths } from "./slot.ts";

export interface EngineRecord {
  /** `managed-0` … `managed-7`. */
  readonly name: string;
  readonly slot: number;
  /** Changes with every start, so that a process does not remove its successor's record. */
  readonly generation: string;
  /** The process that stops it; null: it lives until somebody stops it by name. */
  readonly owner: ProcessIdentity | null;
  /** RootlessKit, the parent of everything; null while it is being started. */
  readonly engine: ProcessIdentity | null;
  /** The user namespace of dockerd, containerd and all containers; null until RootlessKit has made it. */
  readonly userNamespace: string | null;
  readonly version: string | null;
  /** Where the programs come from. */
  readonly directory: string;
  readonly socketPath: string;
  readonly runtimeDir: string;
  readonly logFile: string;
  readonly dataRoot: string;
  /** First and last dynamic port. */
  readonly portRange: readonly [number, number];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (fields: Fields, key: string): string => {
  const value = fields[key];
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${key} is not a text`);
};

const whole = (value: unknown, key: string): number => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${key} is not a whole number`);
};

const nullable = <Value>(
  fields: Fields,
  key: string,
  decode: (fields: Fields, key: string) => Value,
): Value | null => (fields[key] === null ? null : decode(fields, key));

const identity = (fields: Fields, key: string): ProcessIdentity => {
  const value = fields[key];
  if (!isFields(value)) throw new TypeError(`${key} is not a process`);
  const pid = whole(value["pid"], `${key}.pid`);
  // 0 and 1 would address a process group and init.
  if (pid < 2) throw new TypeError(`${key}.pid is not the pid of an ordinary process`);
  return { pid, startTime: text(value, "startTime"), bootId: text(value, "bootId") };
};

/**
 * @throws StressError("corrupt") naming the file and what is wrong with it
 */
export const decodeRecord = (source: string, file: string): EngineRecord => {
  try {
    const fields: unknown = JSON.parse(source);
    if (!isFields(fields)) throw new TypeError("not an object");
    const range = fields["portRange"];
    if (!Array.isArray(range)) throw new TypeError("portRange is not a pair");
    return {
      name: text(fields, "name"),
      slot: whole(fields["slot"], "slot"),
      generation: text(fields, "generation"),
      owner: nullable(fields, "owner", identity),
      engine: nullable(fields, "engine", identity),
      userNamespace: nullable(fields, "userNamespace", text),
      version: nullable(fields, "version", text),
      directory: text(fields, "directory"),
      socketPath: text(fields, "socketPath"),
      runtimeDir: text(fields, "runtimeDir"),
      logFile: text(fields, "logFile"),
      dataRoot: text(fields, "dataRoot"),
      portRange: [whole(range[0], "portRange"), whole(range[1], "portRange")],
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StressError(
      "corrupt",
      `${file} is not an engine record (${why}); remove it when no engine runs there`,
      { cause },
    );
  }
};

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";

/** The record of a slot; null when the slot is free. @throws StressError("corrupt") */
export const readRecord = (stateDir: string, slot: number): EngineRecord | null => {
  const file = join(stateDir, "slots", String(slot), "record.json");
  try {
    return decodeRecord(readFileSync(file, "utf8"), file);
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
};

/** The records of all slots that are taken, in the order of slots. @throws StressError("corrupt") */
export const readRecords = (stateDir: string): readonly EngineRecord[] =>
  SLOTS.flatMap((slot) => readRecord(stateDir, slot) ?? []);

/** Beside the record, for a name that it gets at once; on the disk before that, so that a power cut leaves no half. */
const writeDraft = (file: string, record: EngineRecord): string => {
  const draft = `${file}.${String(process.pid)}`;
  writeFileSync(draft, JSON.stringify(record, null, 2), { flush: true });
  return draft;
};

/** Puts the names in a record's directory on the disk. */
const namesToDisk = (file: string): void => {
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
};

/**
 * Takes the slot; the record appears whole or not at all.
 *
 * @throws with code `EEXIST` when somebody else has it
 */
export const createRecord = (stateDir: string, record: EngineRecord): void => {
  const { record: file } = slotPaths(stateDir, record.slot);
  const draft = writeDraft(file, record);
  try {
    linkSync(draft, file);
  } finally {
    rmSync(draft);
  }
  namesToDisk(file);
};

/** Replaces the record at once, so that a reader sees the old one or the new one. */
export const updateRecord = (stateDir: string, record: EngineRecord): void => {
  const { record: file } = slotPaths(stateDir, record.slot);
  renameSync(writeDraft(file, record), file);
  namesToDisk(file);
};

/** Frees the slot, unless it already belongs to a successor. */
export const removeRecord = (stateDir: string, record: EngineRecord): void => {
  if (readRecord(stateDir, record.slot)?.generation !== record.generation) return;
  rmSync(slotPaths(stateDir, record.slot).record, { force: true });
};
