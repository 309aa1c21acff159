import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  DaemonLog,
  isNetnsRestoreLine,
  isPortRetryLine,
} from "../../../docker/evidence/daemon-log.ts";

test("each reading of a growing log gives the whole lines since the last one", async () => {
  const directory = mkdtempSync(join(tmpdir(), "daemon-log-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, "log");
  writeFileSync(path, "one\ntw");
  const log = new DaemonLog(path);
  expect(await log.newLines()).toEqual(["one"]);
  appendFileSync(path, "o\nthree\n");
  expect(await log.newLines()).toEqual(["two", "three"]);
  expect(await log.newLines()).toEqual([]);
});

test("a log that cannot be read is null, not empty", async () => {
  expect(await new DaemonLog("/nonexistent/log").newLines()).toBeNull();
});

test.each([
  [
    `level=warning msg="failed to restore thread's network namespace" error="operation not permitted"`,
    true,
  ],
  [
    `level=error msg="libnetwork: restoring thread network namespace failed" error="operation not permitted"`,
    true,
  ],
  [`level=error msg="failed get network namespace"`, false],
])("%s is a netns-restore line: %s", (line, expected) => {
  expect(isNetnsRestoreLine(line)).toBe(expected);
});

test.each([
  [
    `level=warning msg="Failed to allocate and map port: Timed out proxy starting the userland proxy, retry: 2"`,
    true,
  ],
  [
    `level=warning msg="Failed to allocate and map port" attempt=1 error="error while calling …"`,
    true,
  ],
  [
    `level=warning msg="Failed to allocate and map port 6379-6379: Error starting userland proxy: …"`,
    false,
  ],
])("%s is a retry of a dynamic port: %s", (line, expected) => {
  expect(isPortRetryLine(line)).toBe(expected);
});
