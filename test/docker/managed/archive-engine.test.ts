import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TarEntry } from "../../../docker/images/tar.ts";
import {
  ARCHIVES_FILE,
  ensureArchiveEngine,
  type ArchiveEngineOptions,
} from "../../../docker/managed/archive-engine.ts";
import {
  dockerArchive,
  dockerFiles,
  program,
  rootlessArchive,
  serve,
  serveFiles,
  sha256,
  temporary,
  tgz,
} from "./archives-of-a-test.ts";

interface Ensured {
  readonly stateDir: string;
  readonly said: readonly string[];
  readonly home: Promise<string>;
}

const ensure = (asked: Partial<ArchiveEngineOptions>): Ensured => {
  const stateDir = asked.stateDir ?? join(temporary(), "state");
  const said: string[] = [];
  const home = ensureArchiveEngine({
    archives: [],
    sha256: [],
    unverified: false,
    narrate: (line) => said.push(line),
    signal: new AbortController().signal,
    ...asked,
    stateDir,
  });
  return { stateDir, said, home };
};

/** Everything the state directory holds beside its marker and the empty directories it works in. */
const kept = (stateDir: string): readonly string[] =>
  ["engines", "building"].flatMap((name) => {
    const directory = join(stateDir, name);
    return existsSync(directory) ? readdirSync(directory) : [];
  });

const refused = async (asked: Partial<ArchiveEngineOptions>, code: string, words: RegExp) => {
  const { stateDir, home } = ensure(asked);
  await expect(home).rejects.toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(words) as string }),
  );
  await expect(home).rejects.not.toThrow(/\n/);
  expect(kept(stateDir)).toEqual([]);
};

const PAIR = ["/docker-28.5.2.tgz", "/docker-rootless-extras-28.5.2.tgz"];

test("Docker's two archives with the right checksums, in any order, make an engine", async () => {
  const files = dockerFiles("28.5.2");
  const { address } = await serveFiles(files);
  const sums = Object.values(files).map(sha256);
  const archives = PAIR.map((path) => `${address}${path}`);
  const { home, said, stateDir } = ensure({ archives, sha256: sums.toReversed() });
  const path = await home;
  expect(path).toMatch(new RegExp(`^${stateDir}/engines/archive-28\\.5\\.2-\\w+-[0-9a-f]{16}$`));
  expect(readdirSync(join(path, "bin")).toSorted()).toEqual(
    [
      ...["containerd", "containerd-shim-runc-v2", "docker-init", "docker-proxy", "dockerd"],
      ...["dockerd-rootless.sh", "rootlesskit", "rootlesskit-docker-proxy", "runc", "slirp4netns"],
    ].toSorted(),
  );
  expect(statSync(join(path, "bin/runc")).mode & 0o777).toBe(0o755);
  expect(JSON.parse(readFileSync(join(path, ARCHIVES_FILE), "utf8"))).toEqual(
    archives.map((from, index) => ({ from, sha256: sums[index], verified: true })),
  );
  expect(said.filter((line) => line.endsWith("(verified)"))).toHaveLength(2);
  expect(readdirSync(join(stateDir, "building"))).toEqual([]);
});

test("an engine that is there already is not made again", async () => {
  const { address } = await serveFiles(dockerFiles("28.5.2"));
  const archives = PAIR.map((path) => `${address}${path}`);
  const { stateDir, home } = ensure({ archives, unverified: true });
  const path = await home;
  const before = statSync(path).ino;
  expect(await ensure({ archives, unverified: true, stateDir }).home).toBe(path);
  expect(statSync(path).ino).toBe(before);
});

test("without a checksum nothing is fetched, and the two ways on are named", async () => {
  const { address, asked } = await serveFiles(dockerFiles("28.5.2"));
  await refused(
    { archives: PAIR.map((path) => `${address}${path}`) },
    "usage",
    /docker-28\.5\.2\.tgz and docker-rootless-extras-28\.5\.2\.tgz.*--sha256.*--unverified/,
  );
  expect(asked).toEqual([]);
});

test("--unverified says of each archive what it is and that nothing vouched for it", async () => {
  const files = dockerFiles("28.5.2");
  const { address } = await serveFiles(files);
  const { home, said } = ensure({
    archives: PAIR.map((path) => `${address}${path}`),
    unverified: true,
  });
  const record = readFileSync(join(await home, ARCHIVES_FILE), "utf8");
  for (const content of Object.values(files)) {
    expect(said.join("\n")).toContain(`sha256 ${sha256(content)} (NOT verified`);
    expect(record).toContain(sha256(content));
  }
});

test("a wrong checksum names the archive and what it has, and nothing of it stays", async () => {
  const files = dockerFiles("28.5.2");
  const { address } = await serveFiles(files);
  const [first = ""] = Object.values(files).map(sha256);
  await refused(
    { archives: PAIR.map((path) => `${address}${path}`), sha256: [first, "0".repeat(64)] },
    "environment",
    /^docker-rootless-extras-28\.5\.2\.tgz has the checksum [0-9a-f]{64}, which is not what --sha256 says/,
  );
});

test("one checksum for two archives is refused before anything is fetched", async () => {
  const { address, asked } = await serveFiles({});
  await refused(
    { archives: PAIR.map((path) => `${address}${path}`), sha256: ["0".repeat(64)] },
    "usage",
    /--sha256 is needed once for each/,
  );
  expect(asked).toEqual([]);
});

test("what the server has not is told with its answer", async () => {
  const { address } = await serveFiles({});
  await refused(
    { archives: [`${address}/docker-99.0.0.tgz`], unverified: true },
    "environment",
    /^Cannot download http:\S+\/docker-99\.0\.0\.tgz: the server answers 404 Not Found$/,
  );
});

test("a server that is not there is told with the reason", async () => {
  await refused(
    { archives: ["http://127.0.0.1:1/docker-28.5.2.tgz"], unverified: true },
    "environment",
    /^Cannot download http:\S+: .*(?:ECONNREFUSED|bad port)/,
  );
});

test.each([
  ["of a known length", { "content-length": "100000" }],
  ["in chunks", {}],
])("a body %s that is cut off leaves nothing", async (_how, headers) => {
  const address = await serve((_request, response) => {
    response.writeHead(200, headers);
    response.write(Buffer.alloc(1000), () => response.destroy());
  });
  await refused(
    { archives: [`${address}/docker-28.5.2.tgz`], unverified: true },
    "environment",
    /^Cannot download http:\S+: ./,
  );
});

test.each([
  ["a page", Buffer.from("<h1>Log in first</h1>")],
  ["half an archive", dockerArchive("28.5.2").subarray(0, 300)],
  ["nothing", Buffer.alloc(0)],
])("%s that calls itself an archive is refused", async (_what, content) => {
  const { address } = await serveFiles({ "/engine.tgz": content });
  await refused(
    { archives: [`${address}/engine.tgz`], unverified: true },
    "environment",
    /engine\.tgz/,
  );
});

test.each<[string, readonly TarEntry[]]>([
  ["docker/../../escaped", [program("docker/../../escaped")]],
  ["../escaped", [program("../escaped")]],
  ["/tmp/escaped", [program("/tmp/escaped")]],
  ["docker/dockerd", [{ kind: "link", path: "docker/dockerd", target: "/bin/sh" }]],
])("an archive with %s that leads out of it is refused", async (name, entries) => {
  const { address } = await serveFiles({ "/engine.tgz": tgz(...entries) });
  await refused(
    { archives: [`${address}/engine.tgz`], unverified: true },
    "environment",
    new RegExp(`^engine\\.tgz has ${name.replaceAll(".", "\\.")} in it`),
  );
  expect(existsSync("/tmp/escaped")).toBe(false);
});

test("archives that make no engine are told what is missing", async () => {
  const { address } = await serveFiles({ "/engine.tgz": dockerArchive("28.5.2") });
  await refused(
    { archives: [`${address}/engine.tgz`], unverified: true },
    "environment",
    /^No rootless engine in engine\.tgz: missing dockerd-rootless\.sh, rootlesskit/,
  );
});

test("files of one's own need no checksum, which is recorded all the same", async () => {
  const directory = temporary();
  const files = { "d.tgz": dockerArchive("27.5.1"), "r:1.tgz": rootlessArchive() };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directory, name), content);
  const archives = Object.keys(files).map((name) => join(directory, name));
  const { home, said } = ensure({ archives });
  expect(JSON.parse(readFileSync(join(await home, ARCHIVES_FILE), "utf8"))).toEqual(
    archives.map((from) => ({
      from,
      sha256: sha256(readFileSync(from)),
      verified: false,
    })),
  );
  expect(said).toEqual(
    expect.arrayContaining([expect.stringMatching(/^d\.tgz: sha256 \w+ \(a file of yours\)$/)]),
  );
});

test("a file that is not there is a usage error", async () => {
  await refused({ archives: ["/nowhere/docker-28.5.2.tgz"] }, "usage", /^No archive \/nowhere/);
});

test("an engine directory that was packed keeps its libraries", async () => {
  const directory = temporary();
  const names = ["containerd", "containerd-shim-runc-v2", "runc", "docker-proxy", "rootlesskit"];
  const content = tgz(
    program("my-engine/bin/dockerd", "echo Docker version 28.1.0, build 0"),
    ...[...names, "dockerd-rootless.sh", "slirp4netns"].map((name) =>
      program(`my-engine/bin/${name}`),
    ),
    program("my-engine/lib/libc.so.6"),
    { kind: "link", path: "my-engine/lib/libc.so", target: "libc.so.6" },
  );
  mkdirSync(join(directory, "a"));
  writeFileSync(join(directory, "a/engine.tgz"), content);
  const home = await ensure({ archives: [join(directory, "a/engine.tgz")] }).home;
  expect(readdirSync(join(home, "lib")).toSorted()).toEqual(["libc.so", "libc.so.6"]);
  expect(statSync(join(home, "bin/rootlesskit")).mode & 0o111).toBe(0o111);
});
