import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runDocker } from "../../../docker/command/run-docker.ts";
import { isAlive, identify } from "../../../docker/managed/processes.ts";
import { systemClock } from "../../../harness/run/clock.ts";

const clock = systemClock();
const never = new AbortController().signal;
const env = { PATH: "/usr/bin:/bin", ONLY: "this" };

/** A program of a test: any will do, docker is one. */
const shell = (script: string, options: { signal?: AbortSignal; stdin?: string } = {}) =>
  runDocker(
    {
      program: "/bin/sh",
      args: ["-c", script],
      env,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    },
    { clock, signal: options.signal ?? never },
  );

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "command-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

/** Resolves when the file has a line in it. */
const written = async (path: string): Promise<string> => {
  while (!existsSync(path) || statSync(path).size === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return readFileSync(path, "utf8").trim();
};

test("both outputs, the exit code and the times are told, whatever the code", async () => {
  const finished = await shell("echo out; echo err >&2; exit 125");
  expect(finished).toMatchObject({ code: 125, stdout: "out\n", stderr: "err\n", broken: null });
  expect(finished.endedAt).toBeGreaterThan(finished.startedAt);
});

test("arguments go to the program as they are", async () => {
  const args = ["%s|", "--format={{if .Config}}", "$HOME", "a b", "'"];
  const finished = await runDocker(
    { program: "/usr/bin/printf", args, env },
    { clock, signal: never },
  );
  expect(finished.stdout).toBe("--format={{if .Config}}|$HOME|a b|'|");
});

test("the environment is the one given and no other", async () => {
  expect((await shell('echo "$ONLY$HOME$USER"')).stdout).toBe("this\n");
});

test("standard input is what was given, and empty where nothing was", async () => {
  expect((await shell("cat", { stdin: "services: {}" })).stdout).toBe("services: {}");
  expect((await shell("cat")).stdout).toBe("");
});

test("a program that does not read its input ends as it likes", async () => {
  const finished = await shell("exit 3", { stdin: "x".repeat(1_000_000) });
  expect(finished).toMatchObject({ code: 3, broken: null });
});

test("a program that is not there is told, not thrown", async () => {
  const command = { program: "/nowhere/docker", args: [], env };
  expect(await runDocker(command, { clock, signal: never })).toMatchObject({
    code: null,
    broken: { kind: "not-started", why: "spawn /nowhere/docker ENOENT" },
  });
});

test("an abort ends the process and the one that it has started", async () => {
  const file = join(temporary(), "pids");
  const controller = new AbortController();
  const running = shell(`sleep 600 & echo $$ $! > ${file}; echo before; wait`, {
    signal: controller.signal,
  });
  const pids = (await written(file)).split(" ").map(Number);
  const processes = pids.map(identify);
  controller.abort();
  expect(await running).toMatchObject({ code: null, broken: { kind: "aborted" } });
  // Killed with it, and gone when the system has got round to it.
  await expect
    .poll(() => processes.map((each) => each !== null && isAlive(each)))
    .toEqual([false, false]);
});

test("a signal that has aborted starts nothing", async () => {
  const file = join(temporary(), "started");
  writeFileSync(file, "");
  const finished = await shell(`echo yes > ${file}`, { signal: AbortSignal.abort() });
  expect(finished).toMatchObject({ code: null, broken: { kind: "aborted" } });
  expect(readFileSync(file, "utf8")).toBe("");
});

test("an abort after the end changes nothing", async () => {
  const controller = new AbortController();
  const finished = await shell("echo done", { signal: controller.signal });
  controller.abort();
  expect(finished).toMatchObject({ code: 0, stdout: "done\n", broken: null });
});

test("a process that somebody else killed says by which signal", async () => {
  expect(await shell("kill -TERM $$")).toMatchObject({
    code: null,
    broken: { kind: "killed", by: "SIGTERM" },
  });
});

test("many outputs at once are not mixed up", async () => {
  const all = await Promise.all(
    Array.from({ length: 16 }, (_, index) => shell(`echo ${String(index)}`)),
  );
  expect(all.map(({ stdout }) => Number(stdout))).toEqual(
    Array.from({ length: 16 }, (_, index) => index),
  );
});
