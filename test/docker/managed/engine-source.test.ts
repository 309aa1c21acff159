import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureArchiveEngine } from "../../../docker/managed/archive-engine.ts";
import type { EngineDirectory } from "../../../docker/managed/engine-directory.ts";
import { resolveEngineSource } from "../../../docker/managed/engine-source.ts";
import type { EngineSource } from "../../../harness/core/profile.ts";
import { dockerFiles, serveFiles, sha256, temporary } from "./archives-of-a-test.ts";

const { signal } = new AbortController();
const narrate = (): void => undefined;

const AT_HAND: EngineDirectory = {
  origin: "installed",
  programs: "/usr/bin",
  daemon: "/usr/bin/dockerd",
  launcher: "/usr/bin/dockerd-rootless.sh",
  version: "29.0.0",
};

const resolve = (source: EngineSource, stateDir = join(temporary(), "state")) =>
  resolveEngineSource(source, {
    atHand: () => Promise.resolve(AT_HAND),
    stateDir,
    narrate,
    signal,
  });

/** A directory with Docker's two archives of a version in it. */
const archivesOnDisk = (version: string): string => {
  const directory = temporary();
  mkdirSync(join(directory, "archives"));
  for (const [path, content] of Object.entries(dockerFiles(version, "archives"))) {
    writeFileSync(join(directory, path), content);
  }
  return join(directory, "archives");
};

test("the engine at hand is whatever the caller says", async () => {
  await expect(resolve({ kind: "at-hand" })).resolves.toBe(AT_HAND);
});

test("Docker's archive of one's own brings the one that lies beside it", async () => {
  const from = join(archivesOnDisk("27.5.1"), "docker-27.5.1.tgz");
  await expect(resolve({ kind: "archive", from })).resolves.toMatchObject({
    origin: "added",
    version: "27.5.1",
  });
});

test("an address without checksums is refused, and the two ways on are named", async () => {
  const { address, asked } = await serveFiles(dockerFiles("27.5.1"));
  const from = `${address}/docker-27.5.1.tgz`;
  await expect(resolve({ kind: "archive", from })).rejects.toThrow(
    expect.objectContaining({
      code: "usage",
      message: `nothing says what ${from} must be: add it with stress engine add ${from}, or write its checksums behind it, #sha256=HEX,HEX`,
    }),
  );
  expect(asked).toEqual([]);
});

test("an address with its checksums is fetched once", async () => {
  const files = dockerFiles("27.5.1");
  const { address, asked } = await serveFiles(files);
  const sums = Object.values(files).map(sha256).join(",");
  const source = { kind: "archive", from: `${address}/docker-27.5.1.tgz#sha256=${sums}` } as const;
  const stateDir = join(temporary(), "state");
  const engine = await resolve(source, stateDir);
  expect(engine.version).toBe("27.5.1");
  await expect(resolve(source, stateDir)).resolves.toEqual(engine);
  expect(asked).toEqual(Object.keys(files));
});

test("an address that was added is not asked again, unless it must be something else now", async () => {
  const files = dockerFiles("27.5.1");
  const { address, asked } = await serveFiles(files);
  const stateDir = join(temporary(), "state");
  const archives = Object.keys(files).map((path) => `${address}${path}`);
  const options = { archives, sha256: [], unverified: true, stateDir, narrate, signal };
  const home = await ensureArchiveEngine(options);
  const [from = ""] = archives;
  await expect(resolve({ kind: "archive", from }, stateDir)).resolves.toMatchObject({
    programs: join(home, "bin"),
  });
  expect(asked).toHaveLength(2);
  const other = `${from}#sha256=${"0".repeat(64)},${"1".repeat(64)}`;
  await expect(resolve({ kind: "archive", from: other }, stateDir)).rejects.toThrow(
    /--sha256 says/,
  );
});

test("an added engine goes by its version", async () => {
  const stateDir = join(temporary(), "state");
  const from = join(archivesOnDisk("27.5.1"), "docker-27.5.1.tgz");
  const engine = await resolve({ kind: "archive", from }, stateDir);
  await expect(resolve({ kind: "version", version: "27.5.1" }, stateDir)).resolves.toEqual(engine);
  await expect(resolve({ kind: "version", version: "27.5.2" }, stateDir)).rejects.toThrow(
    /^no engine 27\.5\.2 has been added \(there is 27\.5\.1\)/,
  );
});

test("a directory is looked into", async () => {
  await expect(resolve({ kind: "directory", path: "/nowhere/at/all" })).rejects.toThrow(
    expect.objectContaining({ code: "usage" }),
  );
});
