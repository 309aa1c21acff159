import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { GoroutineDumps, processState } from "../../../docker/evidence/daemon-state.ts";
import { identify } from "../../../docker/managed/processes.ts";
import { answering, scratch } from "./answering.ts";

test("a process sleeps, is stopped, and is gone", async () => {
  const child = spawn("cat", [], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.write("up");
  await once(child.stdout, "data");
  const identity = identify(child.pid ?? 0);
  if (identity === null) throw new Error("the child cannot be seen");
  expect(["R", "S"]).toContain(processState(identity));
  child.kill("SIGSTOP");
  // Delivered when its turn comes.
  await expect.poll(() => processState(identity), { interval: 1 }).toBe("T");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processState(identity)).toBe("gone");
});

test("who has the pid after it is not taken for it", () => {
  const self = identify(process.pid);
  if (self === null) throw new Error("this process cannot be seen");
  expect(processState({ ...self, startTime: "1" })).toBe("gone");
});

const DUMP = "goroutine 1 [running]:\nmain.main()\n";

test("a dump is written, and who asks meanwhile gets the same; the fourth is one too many", async () => {
  const directory = scratch();
  const { socketPath, asked } = await answering(() => ({ text: DUMP }));
  const dumps = new GoroutineDumps(socketPath, directory);
  expect(await Promise.all([dumps.dump(), dumps.dump()])).toEqual([
    "goroutines-1.txt",
    "goroutines-1.txt",
  ]);
  expect(readFileSync(join(directory, "goroutines-1.txt"), "utf8")).toBe(DUMP);
  expect([await dumps.dump(), await dumps.dump(), await dumps.dump()]).toEqual([
    "goroutines-2.txt",
    "goroutines-3.txt",
    null,
  ]);
  expect(asked).toEqual(Array.from({ length: 3 }, () => "/debug/pprof/goroutine?debug=2"));
});

test.each([404, { text: "{}" }])("no dump is made of %j", async (reply) => {
  const { socketPath } = await answering(() => reply);
  expect(await new GoroutineDumps(socketPath, scratch()).dump()).toBeNull();
});
