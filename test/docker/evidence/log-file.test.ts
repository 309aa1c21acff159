import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LogFile } from "../../../docker/evidence/log-file.ts";

const logPath = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "daemon-log-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return join(directory, "log");
};

test("each reading of a growing log gives the whole lines since the last one", async () => {
  const path = logPath();
  writeFileSync(path, "one\ntw");
  const log = new LogFile(path, "start");
  expect(await log.newLines()).toEqual(["one"]);
  appendFileSync(path, "o\nthree\n");
  expect(await log.newLines()).toEqual(["two", "three"]);
  expect(await log.newLines()).toEqual([]);
});

test("a log that was there before is read from its end on", async () => {
  const path = logPath();
  writeFileSync(path, "old\n");
  const log = new LogFile(path, "end");
  expect(await log.newLines()).toEqual([]);
  appendFileSync(path, "new\n");
  expect(await log.newLines()).toEqual(["new"]);
});

test("a character whose second byte was not written yet is whole in the next reading", async () => {
  const path = logPath();
  const bytes = Buffer.from("für\n");
  writeFileSync(path, bytes.subarray(0, 2));
  const log = new LogFile(path, "start");
  expect(await log.newLines()).toEqual([]);
  appendFileSync(path, bytes.subarray(2));
  expect(await log.newLines()).toEqual(["für"]);
});

test("a log that was cut to nothing is read from its start", async () => {
  const path = logPath();
  writeFileSync(path, "one\ntwo, whose end is missing");
  const log = new LogFile(path, "start");
  await log.newLines();
  truncateSync(path);
  appendFileSync(path, "three\n");
  expect(await log.newLines()).toEqual(["three"]);
});

test("a log that was replaced by a longer one is read from its start", async () => {
  const path = logPath();
  writeFileSync(path, "one\n");
  const log = new LogFile(path, "start");
  await log.newLines();
  renameSync(path, `${path}.1`);
  writeFileSync(path, "the first line of the new one\n");
  expect(await log.newLines()).toEqual(["the first line of the new one"]);
});

test("beyond 64 MB of a reading the rest is passed over, and said to be", async () => {
  const path = logPath();
  const line = `${"x".repeat(1023)}\n`;
  writeFileSync(path, line.repeat(65 * 1024));
  const log = new LogFile(path, "start");
  const lines = await log.newLines();
  expect(lines).toHaveLength(64 * 1024 + 1);
  expect(lines?.at(-1)).toBe("rootless-stress: 1048576 bytes of the log were passed over");
  appendFileSync(path, "after\n");
  expect(await log.newLines()).toEqual(["after"]);
});

test("a log that cannot be read is null, not empty", async () => {
  expect(await new LogFile("/nonexistent/log", "start").newLines()).toBeNull();
});
