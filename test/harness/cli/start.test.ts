/**
 * How the built command ends: no way of failing leaves as a verdict's exit code.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const START = join(ROOT, "dist/harness/cli/start.js");

/** The entry file beside another `main.js`. */
const beside = (main: string | null) => {
  const directory = mkdtempSync(join(tmpdir(), "stress-start-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  cpSync(START, join(directory, "start.js"));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  if (main !== null) writeFileSync(join(directory, "main.js"), main);
  return spawnSync(process.execPath, [join(directory, "start.js")], { encoding: "utf8" });
};

test.each([
  ["is missing", null, 3],
  ["is no JavaScript", "export const (", 70],
  ["throws", 'throw new Error("a\\n::error::pwn")', 70],
  [
    "throws behind its loading",
    "setImmediate(() => { throw new Error() }); await new Promise(() => {})",
    70,
  ],
  ["waits for ever", "await new Promise(() => {})", 70],
  ["has no start", "export const stop = 1", 70],
  ["never settles", "export const start = () => new Promise(() => {})", 70],
  ["lacks file descriptors", 'throw Object.assign(new Error("EMFILE"), { code: "EMFILE" })', 3],
  ["ends with a verdict", "export const start = async () => { process.exitCode = 1 }", 1],
])("a main file that %s is not taken for a verdict", (_, main, code) => {
  const { status, stderr } = beside(main);
  expect(status).toBe(code);
  expect(stderr).not.toContain("\n::");
});

test("out of memory ends by a signal, which no verdict does", () => {
  const { status, signal } = spawnSync(
    process.execPath,
    ["--max-old-space-size=10", START, "--engine", "fake", "--n", "2", "--waves", "1"],
    { encoding: "utf8", cwd: tmpdir() },
  );
  expect({ status, signal }).toEqual({ status: null, signal: "SIGABRT" });
});

test("a reader of both streams that leaves does not change the verdict", async () => {
  const out = mkdtempSync(join(tmpdir(), "stress-start-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  const argv = ["--engine", "fake", "--n", "2", "--waves", "1", "--out", out];
  const child = spawn(process.execPath, [START, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  child.stderr.destroy();
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
});

test("a report that cannot be written is no verdict", () => {
  const { status } = spawnSync("sh", [
    "-c",
    `"${process.execPath}" "${START}" --version > /dev/full`,
  ]);
  expect([3, 70]).toContain(status);
});
