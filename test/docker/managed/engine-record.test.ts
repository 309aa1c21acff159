import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  createRecord,
  decodeRecord,
  readRecord,
  readRecords,
  removeRecord,
  updateRecord,
  type EngineRecord,
} from "../../../docker/managed/engine-record.ts";
import { identify } from "../../../docker/managed/processes.ts";
import { slotPaths } from "../../../docker/managed/slot.ts";
import { isAbandoned } from "../../../docker/managed/take-down.ts";

const gone = { pid: 2 ** 22 + 1, startTime: "1", bootId: "boot" };

const record: EngineRecord = {
  name: "managed-2",
  slot: 2,
  generation: "first",
  owner: gone,
  engine: null,
  userNamespace: null,
  version: "20.10.24",
  directory: "/opt/engine/bin/dockerd",
  socketPath: "/s/slots/2/run/docker.sock",
  runtimeDir: "/s/slots/2/run",
  logFile: "/s/slots/2/engine.log",
  dataRoot: "/s/slots/2/data-00",
  portRange: [17_408, 19_455],
};

const stateDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "rs-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  for (const slot of [0, 2]) {
    mkdirSync(slotPaths(directory, slot).directory, { recursive: true });
  }
  return directory;
};

const self = () => {
  const identity = identify(process.pid);
  if (identity === null) throw new Error("/proc does not show this process");
  return identity;
};

test("a record is read back as it was written", () => {
  const stateDir = stateDirectory();
  createRecord(stateDir, record);
  expect(readRecord(stateDir, 2)).toEqual(record);
  expect(readRecords(stateDir)).toEqual([record]);
  expect(readdirSync(slotPaths(stateDir, 2).directory)).toEqual(["record.json"]);
});

test("a slot is taken once", () => {
  const stateDir = stateDirectory();
  createRecord(stateDir, record);
  expect(() => {
    createRecord(stateDir, { ...record, generation: "second" });
  }).toThrow(/EEXIST/);
  expect(readRecord(stateDir, 2)?.generation).toBe("first");
  expect(readdirSync(slotPaths(stateDir, 2).directory)).toEqual(["record.json"]);
});

test("a process does not remove its successor's record", () => {
  const stateDir = stateDirectory();
  createRecord(stateDir, record);
  updateRecord(stateDir, { ...record, generation: "second" });
  removeRecord(stateDir, record);
  expect(readRecord(stateDir, 2)?.generation).toBe("second");
  removeRecord(stateDir, { ...record, generation: "second" });
  expect(readRecord(stateDir, 2)).toBeNull();
});

test.each([
  ["", /is not an engine record/],
  ["[]", /not an object/],
  [JSON.stringify({ ...record, name: 3 }), /name is not a text/],
  [JSON.stringify({ ...record, slot: -1 }), /slot is not a whole number/],
  [JSON.stringify({ ...record, owner: { ...gone, pid: 1 } }), /not the pid of an ordinary process/],
  [JSON.stringify({ ...record, engine: undefined }), /engine is not a process/],
  [JSON.stringify({ ...record, portRange: [1] }), /portRange is not a whole number/],
])("%j is refused as corrupt", (source, words) => {
  expect(() => decodeRecord(source, "record.json")).toThrow(words);
  expect(() => decodeRecord(source, "record.json")).toThrow(
    expect.objectContaining({ code: "corrupt" }),
  );
});

test("an engine is abandoned when its owner is dead, whatever it does itself", () => {
  expect(isAbandoned({ ...record, owner: gone, engine: self() })).toBe(true);
});

test("an engine of a living owner is not abandoned, even before and after it runs", () => {
  expect(isAbandoned({ ...record, owner: self(), engine: null })).toBe(false);
  expect(isAbandoned({ ...record, owner: self(), engine: gone })).toBe(false);
});

test("an owner's pid in other hands does not keep an engine", () => {
  expect(isAbandoned({ ...record, owner: { ...self(), startTime: "1" } })).toBe(true);
});

test("an engine without an owner is abandoned only when it is dead", () => {
  expect(isAbandoned({ ...record, owner: null, engine: self() })).toBe(false);
  expect(isAbandoned({ ...record, owner: null, engine: gone })).toBe(true);
});
