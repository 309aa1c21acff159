/**
 * What the command does when the engine stops answering: in every phase it ends in time, with one clear line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { stoppedEngine } from "../../docker/fake/stopped-engine.ts";

const MAIN = join(import.meta.dirname, "../../../dist/harness/cli/start.js");

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-liveness-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const start = (engine: string) => {
  const out = scratch();
  return spawn(
    process.execPath,
    [
      ...[MAIN, "run", "--host", `unix://${engine}`, "--images", "hub", "--mode", "noports"],
      ...["--services", "redis", "--n", "3", "--waves", "1", "--timeout", "1"],
      ...["--out", out],
    ],
    { env: { PATH: process.env["PATH"], HOME: out }, stdio: ["ignore", "pipe", "pipe"] },
  );
};

/** In milliseconds; three to five seconds are the rule. */
const LATEST_MS = 60_000;

const NOT_BEGUN = /^stress: .*: no answer within 1\.0s$/m;
const LOST = /^- the run could not go on: .*does not answer \/_ping within 1\.0s$/m;

test.each([
  ["it is asked who it is", /\/version/, 0, NOT_BEGUN],
  ["what earlier runs left is looked for", /\/containers\/json/, 0, NOT_BEGUN],
  ["networks are created", /POST \S*\/networks\/create/, 1, LOST],
  ["containers are removed", /DELETE \S*\/containers/, 1, LOST],
  ["what is left is looked for", /\/volumes/, 1, LOST],
])(
  "of an engine that is paused when %s, the run ends in time and says so",
  async (_, request, answered, words) => {
    const child = start(await stoppedEngine(request, answered));
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    expect(stdout + stderr).toMatch(words);
    expect(child.exitCode).toBe(3);
  },
  LATEST_MS,
);
