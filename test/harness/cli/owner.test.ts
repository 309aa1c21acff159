import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isOwnerGone, KEPT, ownerToken } from "../../../harness/cli/owner.ts";

test("a living owner is not gone", () => {
  expect(isOwnerGone(ownerToken())).toBe(false);
});

test("an owner that has ended is gone", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  const [, start, ...rest] = ownerToken().split(":");
  const token = [String(child.pid), start, ...rest].join(":");
  await once(child, "exit");
  expect(isOwnerGone(token)).toBe(true);
});

test("an owner in another pid namespace, on another machine, or kept on purpose is never taken for gone", () => {
  const [pid, start, boot, namespace] = ownerToken().split(":");
  const gone = "999999999";
  expect(isOwnerGone([gone, start, boot, namespace].join(":"))).toBe(true);
  expect(isOwnerGone([gone, start, boot, "1"].join(":"))).toBe(false);
  expect(isOwnerGone([gone, start, "another-boot", namespace].join(":"))).toBe(false);
  expect(isOwnerGone([pid, start, boot].join(":"))).toBe(false);
  expect(isOwnerGone(KEPT)).toBe(false);
  expect(isOwnerGone("")).toBe(false);
});
