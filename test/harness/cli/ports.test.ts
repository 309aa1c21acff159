/**
 * `stress ports`: what goes to which stream, with which exit code. No engine but the fake.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { toPort } from "../../../harness/cli/command-line/port-word.ts";
import { toPortTable } from "../../../harness/core/port-owners/port-table.ts";
import { simulate, startContainer, type Simulation } from "../../docker/fake/simulation.ts";
import { scratch } from "../../docker/evidence/answering.ts";

const MAIN = join(import.meta.dirname, "../../../dist/harness/cli/start.js");

const ports = async (...argv: readonly string[]) => {
  const child = spawn(process.execPath, [MAIN, "ports", ...argv], {
    env: { PATH: process.env["PATH"], HOME: scratch(), DOCKER_HOST: "unix:///nonexistent.sock" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, stdout, stderr };
};

/** Where a simulation is, as `--host` takes it. */
const hostOf = ({ engine }: Simulation): string => `unix://${engine.socketPath}`;

test.each([
  ["8080", { port: 8080, address: null, protocol: null }],
  ["8080/tcp", { port: 8080, address: null, protocol: "tcp" }],
  ["[::1]:53/udp", { port: 53, address: "::1", protocol: "udp" }],
])("%s asks for a port", (word, asked) => {
  expect(toPort(word)).toEqual(asked);
});

test.each([
  [["0"], /"0" is not a port: use 8080, /],
  [["http"], /"http" is not a port/],
  [["8080", "9090"], /Unknown argument/],
  [["--engine", "managed"], /ports looks at an engine that is there: name it with --host/],
  [["--engine", "fake"], /ports looks at an engine that is there/],
  [["--fix"], /fix/],
])("%j is a mistake of the command line's", async (argv, words) => {
  await expect(readCommandLine(["ports", ...argv], {})).rejects.toThrow(words);
});

test("a port that is none ends with exit 64, one line, and nothing on stdout", async () => {
  const { code, stdout, stderr } = await ports("70000");
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toMatch(/^stress: "70000" is not a port: [^\n]*\n$/);
});

test("without an engine: exit 3, one line, and nothing on stdout", async () => {
  const { code, stdout, stderr } = await ports();
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(
    /^stress: no Docker engine answers at unix:\/\/\/nonexistent\.sock \(DOCKER_HOST\): [^\n]*\n$/,
  );
});

test("what is published is told with its container, and that the rest could not be seen", async () => {
  const simulation = await simulate({ version: "28.5.2" });
  const web = await startContainer(simulation.docker, { name: "web", ports: { 6379: "41234" } });
  await startContainer(simulation.docker, { name: "idle" });
  const { code, stdout, stderr } = await ports("--host", hostOf(simulation));
  expect([code, stderr]).toEqual([0, ""]);
  const owner = `web ${web.id.slice(0, 12)} running`;
  expect(stdout).toMatch(
    new RegExp(`^host +state +listens .*\n0\\.0\\.0\\.0:41234/tcp +unseen +\\? .* ${owner}\n`),
  );
  expect(stdout).toContain("\n2 ports: 2 unseen.\nUnseen: the engine's processes, ");
});

test("--json is the table and nothing else; a port picks its rows", async () => {
  const simulation = await simulate({ version: "20.10.24" });
  const publish = { 6379: "41234", 6380: "41235" };
  await startContainer(simulation.docker, { name: "web", ports: publish, hostIp: "127.0.0.1" });
  const { code, stdout, stderr } = await ports("41235", "--json", "--host", hostOf(simulation));
  expect([code, stderr]).toEqual([0, ""]);
  expect(toPortTable(JSON.parse(stdout))).toMatchObject({
    asked: { port: 41_235, address: null, protocol: null },
    engine: { version: "20.10.24", rootless: true },
    ports: [
      {
        state: "unseen",
        host: { address: "127.0.0.1", port: 41_235 },
        target: { port: 6380 },
        container: { name: "web" },
      },
    ],
  });
  const none = await ports("41236", "--host", hostOf(simulation));
  expect(none.stdout).toMatch(/^Nobody was seen to have port 41236\.\nUnseen: /);
});
