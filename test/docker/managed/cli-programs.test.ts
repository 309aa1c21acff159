import { chmodSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  cliConfig,
  composePackage,
  composeVersion,
  dockerVersion,
  ensureCompose,
  ensureDockerCli,
} from "../../../docker/managed/cli-programs.ts";

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "cli-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

/** A directory with a program that prints this whatever it is asked. */
const withProgram = (name: string, prints: string): string => {
  const directory = temporary();
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\necho '${prints}'\n`);
  chmodSync(path, 0o755);
  return directory;
};

const options = () => ({
  stateDir: temporary(),
  narrate: () => undefined,
  signal: new AbortController().signal,
});

const DOCKER_28 = "Docker version 28.2.2, build e6534b4";

test.each([
  [DOCKER_28, "28.2.2"],
  ["Docker version 20.10.24+dfsg1, build 297e128", "20.10.24+dfsg1"],
  ["podman version 4.9.3", null],
  ["", null],
])("%j is the docker command %s", (said, version) => {
  expect(dockerVersion(said)).toBe(version);
});

test.each([
  ["2.26.1-4\n", "2.26.1-4"],
  ["v2.40.3\n", "2.40.3"],
  ["5.0.0", "5.0.0"],
  ["1.29.2\n", null],
  ["2.0.0\n", null],
  ["unknown", null],
])("%j is a compose with up --wait: %s", (said, version) => {
  expect(composeVersion(said)).toBe(version);
});

test("the docker command that the user would start is preferred to the engine's", async () => {
  const installed = withProgram("docker", DOCKER_28);
  const enginePrograms = withProgram("docker", "Docker version 20.10.24, build 1");
  const searchPath = `/nowhere:${installed}`;
  expect(await ensureDockerCli({ ...options(), searchPath, enginePrograms })).toEqual({
    path: join(installed, "docker"),
    version: "28.2.2",
    origin: "installed",
  });
});

test("podman's stand-in is passed over for the engine's own", async () => {
  const searchPath = withProgram("docker", "podman version 4.9.3");
  const enginePrograms = withProgram("docker", DOCKER_28);
  expect(await ensureDockerCli({ ...options(), searchPath, enginePrograms })).toMatchObject({
    path: join(enginePrograms, "docker"),
    origin: "engine",
  });
});

test("an installed compose is taken from where plugins are, then from the search path", async () => {
  const pluginDirs = withProgram("docker-compose", "2.30.0");
  const searchPath = withProgram("docker-compose", "2.29.0");
  const first = await ensureCompose({ ...options(), pluginDirs, searchPath });
  expect(first).toEqual({
    path: join(pluginDirs, "docker-compose"),
    version: "2.30.0",
    origin: "installed",
  });
  const second = await ensureCompose({ ...options(), pluginDirs: "/nowhere", searchPath });
  expect(second).toMatchObject({ version: "2.29.0" });
});

test.each([
  ["bookworm", "trixie", "docker-compose"],
  ["trixie", "trixie", "docker-compose"],
  ["sid", "sid", "docker-compose"],
  ["noble", "noble", "docker-compose-v2"],
])("on %s compose comes from %s's %s", (own, suite, name) => {
  expect(composePackage({ suite: own, architecture: "amd64" })).toEqual({
    release: { suite, architecture: "amd64" },
    name,
  });
});

test("a configuration has compose as its only plugin and nothing else", async () => {
  const stateDir = temporary();
  const config = await cliConfig(stateDir, "/opt/docker-compose");
  expect(readFileSync(join(config, "config.json"), "utf8")).toBe("{}\n");
  expect(readlinkSync(join(config, "cli-plugins/docker-compose"))).toBe("/opt/docker-compose");
  expect(await cliConfig(stateDir, "/opt/docker-compose")).toBe(config);
  expect(await cliConfig(stateDir, null)).not.toBe(config);
});

test("two processes that make a configuration at once get the same one", async () => {
  const stateDir = temporary();
  const [one, other] = await Promise.all([cliConfig(stateDir, "/a"), cliConfig(stateDir, "/a")]);
  expect(one).toBe(other);
});
