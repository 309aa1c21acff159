import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { spawnFakeEngine } from "../../../docker/fake/spawn.ts";
import { refusalOf } from "./simulation.ts";

const PROGRAM = fileURLToPath(new URL("../../../dist/docker/fake/main.js", import.meta.url));

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
