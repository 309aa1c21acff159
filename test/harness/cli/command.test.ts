/**
 * The built command as a process: what goes to which stream, with which exit code. No engine but the fake.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { summarySchema } from "../../../harness/core/summary.ts";

const MAIN = join(import.meta.dirname, "../../../dist/harness/cli/start.js");

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-command-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const stress = async (argv: readonly string[], environment: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: { PATH: process.env["PATH"], HOME: scratch(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, stdout, stderr };
};

const onTheFake = (out: string, ...argv: string[]) =>
  stress(["--engine", "fake", "--n", "3", "--waves", "1", "--out", out, ...argv]);

test("a simulated run says so in every output, and keeps journal, summary and report", async () => {
  const out = scratch();
  const { code, stdout } = await onTheFake(out);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^=== N=3 ports burst=\S+ SIMULATED ===\n {6}3 OK\n/);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("HOLDS (SIMULATED): 6 of 6 jobs OK");
  expect(readdirSync(join(out, "latest")).toSorted()).toEqual([
    "events.ndjson",
    "report.md",
    "summary.json",
  ]);
  expect(readFileSync(join(out, "latest", "report.md"), "utf8")).toContain("SIMULATED");
});

test("--json prints the summary and nothing else, with no colour and no progress", async () => {
  const out = scratch();
  const { stdout } = await onTheFake(out, "--json");
  const summary = summarySchema.parse(JSON.parse(stdout));
  expect(summary.simulated).toBe(true);
  expect(readFileSync(join(out, "latest", "summary.json"), "utf8")).toBe(stdout);
});

test("a journal that breaks off anywhere can be reported, and is no pass", async () => {
  const out = scratch();
  await onTheFake(out);
  const journal = join(out, "latest", "events.ndjson");
  const whole = readFileSync(journal);
  writeFileSync(journal, whole.subarray(0, Math.floor(whole.length / 2)));
  const { code, stdout } = await stress(["report", "latest", "--out", out]);
  expect(code).toBe(2);
  expect(stdout).toContain("the journal has no end");
});

test("a journal with a line that is none of ours is refused in one line that names it", async () => {
  const out = scratch();
  await onTheFake(out);
  writeFileSync(join(out, "latest", "events.ndjson"), '{"event":"run.started"}\n');
  const { code, stderr } = await stress(["report", "latest", "--out", out]);
  expect(code).toBe(64);
  expect(stderr).toMatch(/^stress: \S+events\.ndjson:1 is not an event of a journal [^\n]*\n$/);
});

test("--dry-run prints every call and starts nothing", async () => {
  const out = scratch();
  const { code, stdout, stderr } = await stress([
    ...["--dry-run", "--n", "2", "--waves", "1", "--mode", "noports", "--services", "redis"],
    ...["--images", "debian", "--out", out],
  ]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(readdirSync(out)).toEqual([]);
  expect(stdout.match(/^w1j[12] {2}POST \/networks\/create /gm)).toHaveLength(2);
  expect(stdout.match(/^w1j[12] {2}POST \/containers\/create\?name=/gm)).toHaveLength(4);
  expect(stdout.match(/^w1j[12] {2}DELETE /gm)).toHaveLength(6);
});

test("a daemon that answers 500 to everything is named, with exit 3, before anything is started", async () => {
  const socketPath = join(scratch(), "engine.sock");
  const engine = await startFakeEngine({ socketPath, refuseEverything: true });
  onTestFinished(() => engine.stop());
  const { code, stderr } = await stress([
    ...["--host", `unix://${socketPath}`, "--images", "debian", "--out", scratch()],
  ]);
  expect(code).toBe(3);
  expect(stderr).toMatch(/no Docker engine answers at unix:\S+ \(--host\): \S+/);
});

test("a reader that goes away changes no verdict, and the run is cleaned up and reported", async () => {
  const out = scratch();
  const child = spawn(
    process.execPath,
    [MAIN, "--engine", "fake", "--n", "2", "--waves", "1", "--out", out],
    {
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  child.stdout.destroy();
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
  expect(readFileSync(join(out, "latest", "report.md"), "utf8")).toContain("4 of 4 jobs OK");
});

test("a run that never began leaves no directory, and latest stays with the last one that did", async () => {
  const out = scratch();
  await onTheFake(out);
  const before = readdirSync(out);
  const failed = await stress(["--out", out, "--images", "debian"], {
    DOCKER_HOST: "unix:///nonexistent.sock",
  });
  expect(failed.code).toBe(3);
  expect(readdirSync(out)).toEqual(before);
});

test("the report's command asks for the same run again, environment and seed included", async () => {
  const out = scratch();
  const first = await stress(["--engine", "fake", "--out", out, "--waves", "2", "--json"], {
    STRESS_N: "2",
    STRESS_MODE: "noports,ports",
  });
  const { command, seed } = summarySchema.parse(JSON.parse(first.stdout));
  const again = await stress([...command, "--out", out, "--json"]);
  const second = summarySchema.parse(JSON.parse(again.stdout));
  expect(second).toMatchObject({ seed, command });
  expect(second.arms.map(({ id, n }) => [id, n])).toEqual([
    ["noports/n2", 2],
    ["ports/n2", 2],
  ]);
});

test.each([
  [["--out", "/dev/null/runs"], {}, 64, /--out \/dev\/null\/runs cannot be written to: ENOTDIR/],
  [["--images", "/nonexistent.yaml"], {}, 64, /nonexistent\.yaml/],
  [["--engine", "/nonexistent"], {}, 64, /nonexistent/],
  [["--engine", "managed", "--daemon-json", "/nonexistent.json"], {}, 64, /nonexistent\.json/],
  [["--scenario", "constructor"], {}, 64, /--scenario "constructor" is not one of stacks/],
  [["--keep-failed", "--engine", "managed"], {}, 64, /--keep-failed: this engine goes/],
  [["--n", "9999", "--waves", "9999"], {}, 64, /a run holds 50000 in memory/],
  [["--host", "tcp://10.0.0.1"], {}, 64, /10\.0\.0\.1 is another machine/],
  [
    ["--engine", "fake", "--runner", "testcontainers"],
    {},
    64,
    /--runner testcontainers does not run on --engine fake/,
  ],
  [["--state-dir", "here"], {}, 64, /--state-dir must be an absolute path/],
  [["--scenario", "none"], {}, 64, /--scenario "none" is not one of stacks/],
  [["--mode", "sideways"], {}, 64, /--mode "sideways" is not one of/],
  [["report", "nothing"], {}, 64, /there is no run "nothing"/],
  [[], { DOCKER_HOST: "unix:///nonexistent.sock" }, 3, /no Docker engine answers at unix:\S+/],
  [[], { STRESS_N: "many" }, 64, /--n must be a whole number/],
] as const)("%j %j ends with exit %i and says why in one line", async (argv, env, code, words) => {
  const out = argv.includes("--out" as never) ? [] : ["--out", scratch()];
  const refused = await stress([...argv, ...out], env);
  expect(refused.code).toBe(code);
  expect(refused.stdout).toBe("");
  const complaint = refused.stderr
    .split("\n")
    .filter((line) => !line.startsWith("stress: engine:"));
  expect(complaint).toHaveLength(2);
  expect(refused.stderr).toMatch(words);
});

test("completion knows the commands and the options", async () => {
  const script = await stress(["completion"]);
  expect(script.code).toBe(0);
  expect(script.stdout).toContain("stress");
});
