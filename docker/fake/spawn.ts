import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { StressError } from "../../harness/core/errors.ts";
import { endChild } from "../child-process.ts";
import { unixGet } from "../unix-get.ts";
import { FAKE_PATHS } from "./fake-api.ts";
import { injectedSchema, type InjectedFault } from "./faults.ts";
import type { FakeEngineOptions } from "./options.ts";

/** The compiled program: beside this file, or under dist/ while this file is run from its source by a test. */
const PROGRAM = fileURLToPath(
  import.meta.url.endsWith(".ts")
    ? new URL("../../dist/docker/fake/main.js", import.meta.url)
    : new URL("main.js", import.meta.url),
);

export interface SpawnedFakeEngine {
  readonly pid: number;
  readonly socketPath: string;
  /** Faults that have happened so far, in their order. */
  readonly injected: () => Promise<readonly InjectedFault[]>;
  /** Ends the process and removes what it left. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** Its first line, or the end without one. */
const listening = async (child: ChildProcessWithoutNullStreams): Promise<void> => {
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    complaint = (complaint + part).slice(-LAST_WORDS);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) return;
  }
  throw new StressError("environment", `the fake engine did not start: ${complaint.trim()}`);
};

/** Of what it says on its standard error, for messages. */
const LAST_WORDS = 2000;

/** For the engine to close its connections, in milliseconds. */
const GRACE_MS = 5000;

/**
 * Starts a fake engine in a process of its own, so that it does not take processor time from the harness's event loop.
 * It ends by itself when this process ends, however that happens.
 *
 * @throws StressError("environment") with its words when it does not come to listen
 */
export const spawnFakeEngine = async (
  options: Omit<FakeEngineOptions, "socketPath">,
): Promise<SpawnedFakeEngine> => {
  const directory = await mkdtemp(join(tmpdir(), "stress-fake-"));
  const socketPath = join(directory, "engine.sock");
  const child = spawn(
    process.execPath,
    [PROGRAM, "--socket", socketPath, "--own-directory", "--options", JSON.stringify(options)],
    // A session of its own: Ctrl-C in the terminal is for the harness, which still needs the engine to clean up.
    { detached: true },
  );
  // Its standard input is our life line: nothing is ever written to it.
  child.stdin.on("error", () => undefined);
  const stop = async (): Promise<void> => {
    await endChild(child, GRACE_MS);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await listening(child);
  } catch (error) {
    await stop();
    throw error;
  }
  const { pid } = child;
  if (pid === undefined) throw new StressError("environment", "the fake engine has no process");
  return {
    pid,
    socketPath,
    injected: async () =>
      injectedSchema.parse(JSON.parse((await unixGet(socketPath, FAKE_PATHS.injected)).body)),
    stop,
  };
};
