/**
 * `stress doctor` as a process: what goes to which stream, with which exit code. No engine but the fake.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { toAsked } from "../../../harness/cli/command-line/doctor.ts";
import { toDiagnosis } from "../../../harness/core/doctor/diagnosis.ts";
import { listener } from "../../docker/evidence/processes-of-a-test.ts";

const MAIN = join(import.meta.dirname, "../../../dist/harness/cli/start.js");

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const doctor = async (...argv: readonly string[]) => {
  const child = spawn(process.execPath, [MAIN, "doctor", ...argv], {
    env: { PATH: process.env["PATH"], HOME: scratch() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, stdout, stderr };
};

const NOWHERE = ["--host", "unix:///nonexistent.sock"];

test.each([
  ["8080", { port: 8080, address: null, protocol: "tcp" }],
  ["127.0.0.1:80", { port: 80, address: "127.0.0.1", protocol: "tcp" }],
  ["[::1]:65535", { port: 65_535, address: "::1", protocol: "tcp" }],
  ["53/udp", { port: 53, address: null, protocol: "udp" }],
  ["0.0.0.0:53/tcp", { port: 53, address: "0.0.0.0", protocol: "tcp" }],
])("%s asks for a port", (word, asked) => {
  expect(toAsked(word)).toEqual(asked);
});

test.each([
  "0",
  "65536",
  "-1",
  "80.5",
  "http",
  "localhost:80",
  "::1:80",
  "[127.0.0.1]:80",
  "256.0.0.1:80",
  "80/sctp",
  "",
  "8080:80",
])("“%s” is refused with what a port looks like", (word) => {
  expect(() => toAsked(word)).toThrow(/is not a port: use 8080, 127\.0\.0\.1:8080/);
});

test.each([
  [["0"], /"0" is not a port/],
  [["8080", "--engine", "managed"], /doctor looks at an engine that is there/],
  [["8080", "--engine", "fake"], /doctor looks at an engine that is there/],
  [["8080", "--fix", "--json"], /--fix and --json exclude each other/],
  [["--n", "0"], /--n must be a whole number from 1 to/],
  [["8080", "9090"], /Unknown argument/],
])("%j is a mistake of the command line's", async (argv, words) => {
  await expect(readCommandLine(["doctor", ...argv], {})).rejects.toThrow(words);
});

test("a port that is none ends with exit 64, one line, and nothing on stdout", async () => {
  const { code, stdout, stderr } = await doctor("70000");
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toMatch(/^stress: "70000" is not a port: [^\n]*\n$/);
});

test("without an engine: exit 3, and who has the port is told all the same", async () => {
  const { pid, port } = await listener("nginx");
  const { code, stdout, stderr } = await doctor(String(port), ...NOWHERE);
  expect(code).toBe(3);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^PROBLEM {2}Engine: No engine answers at unix:\/\/\/nonexistent\.sock/);
  expect(stdout).toContain(`by nginx (pid ${String(pid)}, user `);
  const conclusion = stdout.trimEnd().split("\n").at(-1);
  expect(conclusion).toMatch(/^There is no engine to ask at unix:\/\/\/nonexistent\.sock/);
  expect(conclusion).toContain(
    `; port ${String(port)} is held by nginx (pid ${String(pid)}, user `,
  );
});

test("what could not be read is neither well nor wrong: exit 2", async () => {
  const socketPath = join(scratch(), "engine.sock");
  const engine = await startFakeEngine({ socketPath, version: "28.5.2" });
  onTestFinished(() => engine.stop());
  const { code, stdout } = await doctor("8080", "--host", `unix://${socketPath}`);
  expect(code).toBe(2);
  expect(stdout).toMatch(
    /\nNothing found that keeps port 8080 from being published; \d+ checks could not be read\.\n$/,
  );
});

test("--json is the diagnosis and nothing else; the preflight reckons with --n", async () => {
  const { code, stdout, stderr } = await doctor("--json", "--n", "99", ...NOWHERE);
  expect([code, stderr]).toEqual([3, ""]);
  expect(toDiagnosis(JSON.parse(stdout))).toMatchObject({
    n: 99,
    asked: null,
    verdict: "no-engine",
  });
});

test("--fix prints what a shell takes as it is, and runs none of it", async () => {
  const { pid, port } = await listener("nginx");
  const { stdout } = await doctor(String(port), "--fix", ...NOWHERE);
  expect(stdout).toContain(`\nkill ${String(pid)}  # nginx (pid ${String(pid)}, `);
  expect(process.kill(pid, 0)).toBe(true);
  const shell = spawn("bash", ["-n"], { stdio: ["pipe", "ignore", "pipe"] });
  shell.stdin.end(stdout);
  const [complaints] = await Promise.all([text(shell.stderr), once(shell, "exit")]);
  expect(complaints).toBe("");
});
