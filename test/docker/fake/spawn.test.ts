import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { spawnFakeEngine } from "../../../docker/fake/spawn.ts";
import { refusalOf } from "./simulation.ts";

const PROGRAM = fileURLToPath(new URL("../../../dist/docker/fake/main.js", import.meta.url));
const SPAWN = new URL("../../../dist/docker/fake/spawn.js", import.meta.url).href;

/** Fields 5 and 6 of `/proc/PID/stat`: process group and session. */
const groupAndSession = (pid: number): readonly string[] => {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  return stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(2, 4);
};

const commandLine = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
};

/** The process that was given this socket. */
const serving = (socketPath: string): number => {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const pid = pids.find((each) => commandLine(each).includes(socketPath));
  if (pid === undefined) throw new Error(`nobody serves ${socketPath}`);
  return pid;
};

test("a spawned engine answers, tells its faults, and is gone after stop", async () => {
  const engine = await spawnFakeEngine({
    version: "28.5.2",
    faults: [{ operation: "network.create", nth: 1, kind: "refuse", status: 500, message: "no" }],
  });
  onTestFinished(engine.stop);
  const docker = new Dockerode({ socketPath: engine.socketPath });
  expect(await docker.version()).toMatchObject({ Version: "28.5.2" });
  expect(await refusalOf(docker.createNetwork({ Name: "n" }))).toMatchObject({ message: "no" });
  expect(await engine.injected()).toEqual([
    { operation: "network.create", kind: "refuse", name: "n" },
  ]);
  await engine.stop();
  await engine.stop();
  await expect(access(engine.socketPath)).rejects.toThrow(/ENOENT/);
});

test("options that cannot be are told in the engine's own words", async () => {
  await expect(spawnFakeEngine({ version: "new" })).rejects.toThrow(
    /the fake engine did not start: .*version/s,
  );
});

test.each(["stdin", "SIGTERM"])("the program ends with exit code 0 by %s", async (means) => {
  const directory = await mkdtemp(join(tmpdir(), "stress-test-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const socket = join(directory, "engine.sock");
  const child = spawn(process.execPath, [PROGRAM, "--socket", socket]);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  expect(JSON.parse(line.toString())).toEqual({ socket });
  const exited = once(child, "exit");
  if (means === "stdin") child.stdin.end();
  else child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  await expect(access(socket)).rejects.toThrow(/ENOENT/);
});

test("the program without a socket exits with code 64", async () => {
  const child = spawn(process.execPath, [PROGRAM]);
  expect(await once(child, "exit")).toEqual([64, null]);
});

test("Ctrl-C in our terminal does not reach the engine: it is in a session of its own", async () => {
  const engine = await spawnFakeEngine({});
  onTestFinished(engine.stop);
  const pid = serving(engine.socketPath);
  expect(groupAndSession(pid)).toEqual([String(pid), String(pid)]);
});

test("a signal to the group of the engine's parent leaves the engine answering", async () => {
  const script = `
    const { spawnFakeEngine } = await import(${JSON.stringify(SPAWN)});
    const engine = await spawnFakeEngine({});
    process.on("SIGINT", async () => {
      console.log(JSON.stringify(await engine.injected()));
      await engine.stop();
    });
    console.log(engine.socketPath);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { detached: true });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const answer = once(parent.stdout, "data");
  if (parent.pid === undefined) throw new Error("no parent");
  process.kill(-parent.pid, "SIGINT");
  expect(String((await answer)[0]).trim()).toBe("[]");
  await expect.poll(() => access(dirname(line.toString().trim())).catch(String)).toMatch(/ENOENT/);
});

test("nothing of an engine is left when its parent is killed", async () => {
  const script = `
    const { spawnFakeEngine } = await import(${JSON.stringify(SPAWN)});
    console.log((await spawnFakeEngine({})).socketPath);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const directory = dirname(line.toString().trim());
  await access(directory);
  parent.kill("SIGKILL");
  await expect.poll(() => access(directory).catch(String), { timeout: 5000 }).toMatch(/ENOENT/);
});

test("a directory of the engine's own stays when somebody else put something in it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "stress-test-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const socket = join(directory, "engine.sock");
  const child = spawn(process.execPath, [PROGRAM, "--socket", socket, "--own-directory"]);
  await once(child.stdout, "data");
  await writeFile(join(directory, "notes.txt"), "mine");
  const exited = once(child, "exit");
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
  expect(readdirSync(directory)).toEqual(["notes.txt"]);
});
