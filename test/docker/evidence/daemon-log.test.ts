import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { foundLog, managedLog, type FoundEngine } from "../../../docker/evidence/daemon-log.ts";

const ENGINE: FoundEngine = { file: null, rootless: true, uid: 1000, since: new Date() };

const logPath = (text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), "daemon-log-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, "log");
  writeFileSync(path, text);
  return path;
};

test("the log of an engine of our own is read from its first line", async () => {
  expect(await managedLog(logPath("one\n")).newLines()).toEqual(["one"]);
});

test("a log file that the user names is read from the moment at which it was named", async () => {
  const file = logPath("old\n");
  const log = await foundLog({ ...ENGINE, file }, null);
  appendFileSync(file, "new\n");
  expect(await log?.newLines()).toEqual(["new"]);
});

test("a named file that is not there is the user's mistake", async () => {
  await expect(foundLog({ ...ENGINE, file: "/nonexistent/log" }, null)).rejects.toMatchObject({
    code: "usage",
    message: "--daemon-log: /nonexistent/log cannot be read",
  });
});

test("on a machine without journalctl there is no log to find", async () => {
  expect(await foundLog(ENGINE, null)).toBeNull();
});

test("a journalctl that fails finds none either", async () => {
  expect(await foundLog(ENGINE, ["false"])).toBeNull();
});
