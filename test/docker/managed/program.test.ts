import { expect, test } from "vitest";
import { runProgram, type ProgramOptions } from "../../../docker/managed/program.ts";

const shell = (script: string, options: Partial<ProgramOptions> = {}): Promise<string> =>
  runProgram("sh", ["-c", script], { signal: new AbortController().signal, ...options });

test("what a program prints is its result, and what it says last the reason of its failure", async () => {
  await expect(shell("echo out; echo err >&2")).resolves.toBe("out\n");
  await expect(shell("echo first >&2; echo last >&2; exit 3")).rejects.toThrow(/ failed: last$/);
  await expect(shell("exit 3")).rejects.toThrow(/ failed: exit code 3$/);
  await expect(shell("kill -KILL $$")).rejects.toThrow(/ failed: ended by SIGKILL$/);
});

test("one that does not end in time, or writes without end, is ended and named", async () => {
  await expect(shell("exec sleep 600", { deadlineMs: 50 })).rejects.toThrow(
    "sh -c exec sleep 600 did not end within 0.05 s",
  );
  await expect(shell("exec yes", { outputMib: 1 })).rejects.toThrow(
    "sh -c exec yes wrote more than 1 MiB",
  );
});

test("a cancelled program rejects with the reason of the signal, at once where SIGTERM is ignored", async () => {
  const controller = new AbortController();
  const running = shell('trap "" TERM; while :; do sleep 600; done', {
    signal: controller.signal,
    graceMs: 20,
  });
  controller.abort(new Error("cancelled"));
  await expect(running).rejects.toThrow("cancelled");
});

test("a program that is not there is named", async () => {
  const running = runProgram("/nowhere/dockerd", [], { signal: new AbortController().signal });
  await expect(running).rejects.toThrow("Cannot run /nowhere/dockerd");
});
