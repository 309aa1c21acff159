import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileLocks, prepareLocks } from "../../../harness/cli/file-lock.ts";
import { armOf } from "../../../harness/core/arms.ts";

const NEVER = new AbortController().signal;

const lockFile = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-lock-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, "a.lock");
};

const armWith = (path: string) =>
  armOf({ mode: "ports", n: 1, mitigation: { kind: "lock-file", path } }, "stacks");

/** Whether flock(1), as another program would use it, gets the lock at once. */
const isFree = async (path: string): Promise<boolean> => {
  const child = spawn("flock", ["--nonblock", path, "true"]);
  await once(child, "exit");
  return child.exitCode === 0;
};

/** Somebody else's shim: it has the lock until it is told to go on. */
const shim = async (path: string) => {
  const child = spawn("flock", [path, "sh", "-c", "echo held; read -r _"]);
  await once(child.stdout, "data");
  return {
    finish: async () => {
      const exited = once(child, "exit");
      child.stdin.end("\n");
      await exited;
    },
  };
};

test("what is held here is held for flock(1), and free again when it is let go of", async () => {
  const path = lockFile();
  const release = await fileLocks.hold(path, NEVER);
  expect(await isFree(path)).toBe(false);
  release?.();
  await expect.poll(() => isFree(path)).toBe(true);
});

test("a lock that another process has is waited for", async () => {
  const path = lockFile();
  const other = await shim(path);
  const holding = fileLocks.hold(path, NEVER);
  await expect(Promise.race([holding, isFree(path)])).resolves.toBe(false);
  await other.finish();
  const release = await holding;
  expect(release).not.toBeNull();
  release?.();
});

test("sixteen who want it at once have it one after the other", async () => {
  const path = lockFile();
  let holders = 0;
  const most: number[] = [];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      const release = await fileLocks.hold(path, NEVER);
      holders += 1;
      most.push(holders);
      await isFree(path);
      holders -= 1;
      release?.();
    }),
  );
  expect(most).toEqual(Array.from({ length: 16 }, () => 1));
});

test("whoever gives up waiting leaves nobody behind who still waits", async () => {
  const path = lockFile();
  const other = await shim(path);
  const patience = new AbortController();
  const holding = fileLocks.hold(path, patience.signal);
  patience.abort();
  expect(await holding).toBeNull();
  await other.finish();
  expect(await isFree(path)).toBe(true);
});

test("after a cancelled run nothing is locked any more", async () => {
  const path = lockFile();
  expect(await fileLocks.hold(path, AbortSignal.abort())).toBeNull();
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("a lock file is made ahead of the run, and can be locked by other users", () => {
  const path = lockFile();
  prepareLocks([armWith(path)]);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test("a link in the place of a lock file is refused, and what it points to is not made", () => {
  const path = lockFile();
  const target = `${path}.target`;
  symlinkSync(target, path);
  expect(() => {
    prepareLocks([armWith(path)]);
  }).toThrow(/^--mitigation lock-file: ELOOP/);
  expect(statSync(target, { throwIfNoEntry: false })).toBeUndefined();
});

test("one that cannot be made is refused before anything is started", () => {
  const path = lockFile();
  expect(() => {
    prepareLocks([armWith(join(path, "below", "a.lock"))]);
  }).toThrow(/^--mitigation lock-file: ENOENT.*; name another: lock-file:PATH$/);
});

test("a lock that is not to be had holds nobody up", async () => {
  expect(await fileLocks.hold("/nonexistent/a.lock", NEVER)).toBeNull();
});
