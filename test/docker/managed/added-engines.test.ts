import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  addedEngines,
  engineOfVersion,
  removeAddedEngine,
  type AddedEngine,
} from "../../../docker/managed/added-engines.ts";
import { isRoot } from "../../../docker/managed/host-needs.ts";
import { createRecord } from "../../../docker/managed/engine-record.ts";
import { portRangeOf, slotPaths } from "../../../docker/managed/slot.ts";
import { temporary } from "./archives-of-a-test.ts";

const KEY = "0123456789abcdef";
const { signal } = new AbortController();

const engine = (
  version: string | null,
  name = `archive-${String(version)}-x64-${KEY}`,
): AddedEngine => ({
  name,
  path: `/engines/${name}`,
  origin: "archive",
  version,
  bytes: 0,
  madeAt: 0,
  archives: [],
});

/** A state directory with engines by these names and what their daemons say. */
const stateWith = (engines: Readonly<Record<string, string>>): string => {
  const stateDir = join(temporary(), "state");
  for (const [name, daemon] of Object.entries(engines)) {
    const bin = join(stateDir, "engines", name, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "dockerd"), `#!/bin/sh\n${daemon}\n`, { mode: 0o755 });
  }
  return stateDir;
};

const SID = `debian-sid-amd64-${KEY}`;
const ARCHIVE = `archive-27.5.1-x64-${KEY}`;
const says = (version: string): string => `echo Docker version ${version}, build 0`;

test("what was added is listed with where it comes from and what its daemon says", async () => {
  const stateDir = stateWith({ [SID]: says("28.5.2+dfsg4"), [ARCHIVE]: "exit 1" });
  writeFileSync(
    join(stateDir, "engines", ARCHIVE, "archives.json"),
    JSON.stringify([{ from: "/a.tgz", sha256: "00", verified: true }]),
  );
  expect(await addedEngines(stateDir, signal)).toMatchObject([
    { name: ARCHIVE, origin: "archive", version: null, archives: [{ from: "/a.tgz" }] },
    { name: SID, origin: "debian:sid", version: "28.5.2+dfsg4", bytes: 52, archives: [] },
  ]);
});

test("root has a daemon say its version as an ordinary user, with nothing of root's environment", async () => {
  const stateDir = stateWith({
    [ARCHIVE]: "echo Docker version 1.$(id -u).$(id -g)$HOME, build 0",
  });
  const [found] = await addedEngines(stateDir, signal);
  const [, uid, gid] = found?.version?.split(".").map(Number) ?? [];
  expect(isRoot() ? [uid === 0, gid === 0] : [uid, gid]).toEqual(
    isRoot() ? [false, false] : [process.getuid?.(), process.getgid?.()],
  );
});

test("a daemon that prints without end has no version", async () => {
  const stateDir = stateWith({ [ARCHIVE]: "exec yes version 1" });
  expect(await addedEngines(stateDir, signal)).toMatchObject([{ version: null }]);
});

test("before anything was added there is nothing, and nothing is made", async () => {
  const stateDir = join(temporary(), "state");
  expect(await addedEngines(stateDir, signal)).toEqual([]);
  expect(existsSync(stateDir)).toBe(false);
});

test.each([
  ["28.5.2", "28.5.2"],
  ["28.5.2+dfsg4", "28.5.2+dfsg4"],
  ["20.10.24", "20.10.24+dfsg1"],
  ["20.10", "20.10.24+dfsg1"],
  ["20", "20.10.24+dfsg1"],
  ["29.4.2-2", "29.4.2-2"],
])("of the engines there are, %s is %s", (wanted, version) => {
  const engines = ["28.5.2", "28.5.2+dfsg4", "20.10.24+dfsg1", "29.4.2-2", null];
  expect(
    engineOfVersion(
      engines.map((each) => engine(each)),
      wanted,
    ).version,
  ).toBe(version);
});

test("of two that were built from one release, the later is meant", () => {
  const old = { ...engine("28.5.2+dfsg4", "old"), origin: "debian:sid" };
  const engines = [{ ...old, name: "new", madeAt: 1 }, old];
  expect(engineOfVersion(engines, "28.5.2").name).toBe("new");
});

test.each([
  ["27.0", /^no engine 27\.0 has been added \(there is 28\.5\.1, 28\.5\.2\)/],
  ["2", /^no engine 2 has been added/],
  ["28", /^engine 28 may be \/engines\/\S+ and \/engines\/\S+; name one by its directory$/],
])("an engine %s is refused with what there is", (wanted, words) => {
  const engines = [engine("28.5.1"), engine("28.5.2")];
  expect(() => engineOfVersion(engines, wanted)).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringMatching(words) as string }),
  );
});

test.each(["28.5.2", "28", "debian:sid", SID])("%s is removed, and nothing else", async (text) => {
  const stateDir = stateWith({ [SID]: says("28.5.2+dfsg4"), [ARCHIVE]: says("27.5.1") });
  expect(await removeAddedEngine(text, { stateDir, signal })).toMatchObject({ name: SID });
  expect(readdirSync(join(stateDir, "engines"))).toEqual([ARCHIVE]);
  expect(readdirSync(join(stateDir, "building"))).toEqual([]);
});

test("programs that do not run here can still be removed, by their directory", async () => {
  const stateDir = stateWith({ [SID]: "exit 1" });
  await removeAddedEngine(join(stateDir, "engines", SID), { stateDir, signal });
  expect(readdirSync(join(stateDir, "engines"))).toEqual([]);
});

test("an engine's programs stay while it runs", async () => {
  const stateDir = stateWith({ [SID]: says("28.5.2+dfsg4") });
  const paths = slotPaths(stateDir, 3);
  mkdirSync(paths.directory, { recursive: true });
  createRecord(stateDir, {
    slot: 3,
    name: "managed-3",
    generation: "g",
    owner: null,
    engine: null,
    userNamespace: null,
    version: "28.5.2+dfsg4",
    directory: join(stateDir, "engines", SID, "bin/dockerd"),
    socketPath: paths.socket,
    runtimeDir: paths.runtimeDir,
    logFile: paths.logFile,
    dataRoot: "/nowhere",
    portRange: portRangeOf(3),
  });
  await expect(removeAddedEngine("28.5.2", { stateDir, signal })).rejects.toThrow(
    expect.objectContaining({
      code: "environment",
      message: expect.stringMatching(
        /^Engine managed-3 runs from .*; take it down first: stress engine down managed-3$/,
      ) as string,
    }),
  );
  expect(existsSync(join(stateDir, "engines", SID, "bin/dockerd"))).toBe(true);
});

test("what was never added cannot be removed", async () => {
  const stateDir = stateWith({ [SID]: says("28.5.2+dfsg4") });
  await expect(removeAddedEngine("../slots", { stateDir, signal })).rejects.toThrow(/^no engine/);
});
