/**
 * Engines of several versions side by side, each under a burst of real Redis. That of Debian sid is the default one, on
 * which most of the live suite runs.
 */
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { addedEngines } from "../../docker/managed/added-engines.ts";
import { sha256Of } from "../../docker/managed/download.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import type { Summary } from "../../harness/core/summary.ts";
import { serve, temporary } from "../docker/managed/archives-of-a-test.ts";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

const LONG_MS = 900_000;

const burst = async (engine: string, ...more: readonly string[]): Promise<Summary> => {
  const argv = ["run", "--engine", engine, "--waves", "1", "--json", "--out", outDirectory()];
  return summaryOf(await runStress([...argv, ...more]));
};

const versionAdded = async (source: string): Promise<string> => {
  const { code, stdout, stderr } = await runStress(["engine", "add", source]);
  expect(code, stderr).toBe(0);
  return /^\S+/.exec(stdout)?.[0] ?? "";
};

/**
 * Engine 20.10.24's own defect, seen in about one of a hundred port mappings under 16 jobs: a docker-proxy dies before
 * it has reported, and the daemon waits 16 s for it. A dynamic port is then tried again, so calls are given longer than
 * a minute.
 */
const DEFECTS_OF_20 = ["port.userland_proxy_timeout"];

test.each([
  ["debian:bookworm", "20", DEFECTS_OF_20],
  ["debian:trixie", "26", []],
])(
  "the engine of %s is a %s, and eight jobs at once run on it",
  async (source, major, defects: readonly string[]) => {
    const version = await versionAdded(source);
    expect(version.split(".")[0]).toBe(major);
    const argv = ["--n", "8", "--mode", "ports,noports", "--services", "redis"];
    const summary = await burst(version, ...argv, "--timeout", "180");
    expect(summary.engine).toMatchObject({ version, rootless: true });
    expect(summary.engine.components["rootlesskit"] ?? "").toMatch(/^\d/);
    expect(summary.arms.map(({ id }) => id).toSorted()).toEqual(["noports/n8", "ports/n8"]);
    for (const { id, jobs, failures } of summary.arms) {
      expect(
        failures.map((failure) => failure.class).filter((name) => !defects.includes(name)),
        id,
      ).toEqual([]);
      expect(jobs.ok + (defects.length > 0 ? jobs.failed : 0), id).toBe(8);
    }
  },
  LONG_MS,
);

/** Docker's two archives, made from an engine directory, as its server has them. */
const packedAsDockers = async (bin: string, version: string): Promise<string> => {
  const directory = temporary();
  const programs = await readdir(bin);
  const rootless = programs.filter((name) => name.includes("rootless"));
  const engine = programs.filter((name) => !name.includes("rootless") && !name.includes("slirp"));
  for (const [folder, names] of [
    ["docker", engine],
    ["docker-rootless-extras", rootless],
  ] as const) {
    const file = join(directory, `${folder}-${version}.tgz`);
    // As fast as gzip can: two hundred megabytes.
    const argv = ["--create", "--use-compress-program=gzip -1", `--file=${file}`];
    const { status } = spawnSync("tar", [
      ...[...argv, `--directory=${bin}`, `--transform=s,^,${folder}/,`, ...names],
    ]);
    expect(status).toBe(0);
  }
  return directory;
};

test(
  "an engine from archives over HTTP, slirp4netns from Debian beside it, runs jobs with published ports",
  async () => {
    await versionAdded("debian:sid");
    const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
    const signal = AbortSignal.timeout(LONG_MS);
    const engines = await addedEngines(stateDir, signal);
    const sid = engines.find(({ origin }) => origin === "debian:sid");
    if (sid === undefined) throw new Error("debian:sid was not added");
    const directory = await packedAsDockers(join(sid.path, "bin"), "28");
    const files = ["docker-28.tgz", "docker-rootless-extras-28.tgz"];
    const address = await serve((request, response) => {
      createReadStream(join(directory, request.url ?? "")).pipe(response);
    });
    const sums = await Promise.all(files.map((file) => sha256Of(join(directory, file), signal)));
    const flags = ["--from", address, ...sums.flatMap((sum) => ["--sha256", sum])];
    const { code, stdout, stderr } = await runStress(["engine", "add", "28", ...flags]);
    const path = /\S+\/engines\/\S+/.exec(stdout)?.[0] ?? "";
    onTestFinished(async () => {
      expect(await runStress(["engine", "remove", path])).toMatchObject({ code: 0 });
    });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("  archive  ");
    expect(stdout).toContain("  verified");

    const summary = await burst(path, "--n", "2", "--mode", "ports", "--services", "redis");
    expect(summary.engine.version).toBe(sid.version);
    expect(summary.engine.networkDriver).toBe("slirp4netns");
    expect(summary.arms.map(({ jobs }) => jobs)).toEqual([{ ok: 2, failed: 0, unfinished: 0 }]);
  },
  LONG_MS,
);

test("the engine of debian:bookworm is a 20, and an engine's programs stay while it runs", async () => {
  const version = await versionAdded("debian:bookworm");
  expect(version).toMatch(/^20\./);
  const up = await runStress(["engine", "up", "--engine", version]);
  const name = /^stress: (\S+) is up/m.exec(up.stderr)?.[1] ?? "";
  onTestFinished(async () => {
    expect(await runStress(["engine", "down", name])).toMatchObject({ code: 0 });
  });
  const removed = await runStress(["engine", "remove", "debian:bookworm"]);
  expect(removed.stderr).toMatch(
    new RegExp(`runs from \\S+; take it down first: stress engine down`),
  );
  expect(removed.code).toBe(3);
});
