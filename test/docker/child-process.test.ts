import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { endChild, runChild, type ChildOptions } from "../../docker/child-process.ts";
import { isAlive, identify, type ProcessIdentity } from "../../docker/managed/processes.ts";

const OPTIONS: ChildOptions = {
  signal: new AbortController().signal,
  deadlineMs: 60_000,
  outputLimit: 1024 * 1024,
  graceMs: 20,
};

const shell = (script: string, options: Partial<ChildOptions> = {}) =>
  runChild("/bin/sh", ["-c", script], { ...OPTIONS, ...options });

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "child-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

/** Resolves to the processes whose ids are in the file, when it is there; they are killed when the test is over. */
const written = async (path: string): Promise<readonly (ProcessIdentity | null)[]> => {
  while (!existsSync(path) || statSync(path).size === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const processes = readFileSync(path, "utf8").trim().split(" ").map(Number).map(identify);
  onTestFinished(() => {
    for (const each of processes) {
      if (each !== null && isAlive(each)) process.kill(each.pid, "SIGKILL");
    }
  });
  return processes;
};

const alive = (processes: readonly (ProcessIdentity | null)[]) =>
  processes.map((each) => each !== null && isAlive(each));

/** Ignores SIGTERM, as mmdebstrap does; so does what it has started, which holds the pipes. */
const stubborn = (file: string): string =>
  `trap "" TERM; sleep 600 & echo $$ $! > ${file}; echo before; wait`;

test("a program that ignores SIGTERM is killed after the grace, and its grandchild with it", async () => {
  const file = join(temporary(), "pids");
  const controller = new AbortController();
  const running = shell(stubborn(file), { signal: controller.signal });
  const processes = await written(file);
  controller.abort();
  expect(await running).toMatchObject({ end: { kind: "ended", why: "aborted" } });
  await expect.poll(() => alive(processes)).toEqual([false, false]);
});

test("a grandchild that has left the group and holds the pipes is not waited for", async () => {
  const file = join(temporary(), "pids");
  const controller = new AbortController();
  const script = `trap "" TERM; setsid sleep 600 & echo $$ $! > ${file}; wait`;
  const running = shell(script, { signal: controller.signal });
  const processes = await written(file);
  controller.abort();
  expect(await running).toMatchObject({ end: { kind: "ended", why: "aborted" } });
  await expect.poll(() => alive(processes)).toEqual([false, true]);
});

test("a grandchild that holds the pipes of a program that has ended is killed at an abort", async () => {
  const file = join(temporary(), "pids");
  const controller = new AbortController();
  const running = shell(`sleep 600 & echo $! > ${file}`, { signal: controller.signal });
  const processes = await written(file);
  controller.abort();
  expect((await running).end).toEqual({ kind: "ended", why: "aborted" });
  await expect.poll(() => alive(processes)).toEqual([false]);
});

test("a program that ends on SIGTERM in its own way is given the time to", async () => {
  const directory = temporary();
  const [file, cleaned] = [join(directory, "pids"), join(directory, "cleaned")];
  const controller = new AbortController();
  const script = `trap "echo yes > ${cleaned}; exit 0" TERM; echo $$ > ${file}; while :; do sleep 0.01; done`;
  const running = shell(script, { signal: controller.signal, graceMs: 60_000 });
  await written(file);
  controller.abort();
  expect((await running).end).toEqual({ kind: "ended", why: "aborted" });
  expect(readFileSync(cleaned, "utf8")).toBe("yes\n");
});

test("a program that does not end in time is ended", async () => {
  const finished = await shell("echo before; exec sleep 600", { deadlineMs: 50 });
  expect(finished.end).toEqual({ kind: "ended", why: "late" });
});

test.each(["", ">&2"])("an endless output (%s) ends the program at the limit", async (to) => {
  const finished = await shell(`exec yes ${to}`, { outputLimit: 100_000 });
  expect(finished.end).toEqual({ kind: "ended", why: "too-much-output" });
  expect(finished.stdout.length + finished.stderr.length).toBeLessThanOrEqual(100_000);
});

test("a character that arrives in two pieces is one", async () => {
  const finished = await shell(String.raw`printf '\303'; sleep 0.02; printf '\251'`);
  expect(finished).toMatchObject({ end: { kind: "exited", code: 0 }, stdout: "é" });
});

test("a child that is asked by the end of its input ends by itself, and one that is not listening is killed", async () => {
  for (const [script, code] of [
    ["cat; exit 7", 7],
    ["exec sleep 600", null],
  ] as const) {
    const child = spawn("/bin/sh", ["-c", script], { detached: true });
    await endChild(child, code === null ? 20 : 60_000, "end-of-input");
    expect(child.exitCode).toBe(code);
    // May be called again.
    await endChild(child, 60_000);
  }
});
