import { expect, test } from "vitest";
import { commandAnswer, type Expected } from "../../../docker/command/command-answer.ts";
import type { FinishedCommand } from "../../../docker/command/run-docker.ts";
import { DeadlinePassed } from "../../../harness/core/errors.ts";
import { millis, seconds } from "../../../harness/core/units.ts";

const never = new AbortController().signal;

const finished = (parts: Partial<FinishedCommand>): FinishedCommand => ({
  code: 0,
  stdout: "",
  stderr: "",
  startedAt: millis(0),
  endedAt: millis(20),
  broken: null,
  ...parts,
});

const answer = (
  parts: Partial<FinishedCommand>,
  expected: Expected = { kind: "nothing" },
  signal = never,
) => commandAnswer(finished(parts), { expected, signal });

const ID = "8b4e488e9b2bab19bc4281292463a6e0dafd1fd883d3c9272eaa9f394bd1dfb0";

test("what was created has the id on the last line of the output", () => {
  expect(answer({ stdout: `${ID}\n` }, { kind: "id" })).toEqual({ kind: "done", id: ID });
  expect(answer({ stdout: `Pulled\n${ID}\n` }, { kind: "id" })).toEqual({ kind: "done", id: ID });
});

test.each<[Expected, string]>([
  [{ kind: "id" }, "created\n"],
  [{ kind: "id" }, ""],
  [{ kind: "bindings" }, "6379/tcp: 32768\n"],
])("a success that does not show its %j is a finding of the harness: %j", (expected, stdout) => {
  expect(answer({ stdout }, expected)).toMatchObject({ kind: "refused", by: "harness" });
});

test("published ports are read from docker port", () => {
  expect(answer({ stdout: "6379/tcp -> 0.0.0.0:21505\n" }, { kind: "bindings" })).toEqual({
    kind: "done",
    bindings: [{ containerPort: 6379, hostIp: "0.0.0.0", hostPort: 21505 }],
  });
});

/** As the CLIs of 20.10 and 28.2 and compose 2.26 printed it. */
const ADDPORT =
  "Error response from daemon: driver failed programming external connectivity on endpoint t-clash (6010db8dd95a): Error starting userland proxy: error while calling PortManager.AddPort(): listen tcp4 0.0.0.0:22: bind: permission denied";

test.each([
  [125, `docker: ${ADDPORT}.\nSee 'docker run --help'.\n`],
  [126, `docker: ${ADDPORT}\n\nRun 'docker run --help' for more information\n`],
  [127, `docker: Error response from daemon: failed to create shim task: unknown\n`],
  [1, `${ADDPORT}\nError: failed to start containers: t-clash\n`],
  [1, ` Container t3-redis-1  Starting\n${ADDPORT}\n`],
  [1, "container t5-redis-1 is unhealthy\n"],
  [1, "Error: No such object: nosuch\n"],
])("exit code %i with the daemon's words is the daemon's refusal, raw: %j", (code, stderr) => {
  expect(answer({ code, stderr })).toEqual({ kind: "refused", by: "daemon", message: stderr });
});

test.each([
  [1, "Cannot connect to the Docker daemon at unix:///a.sock. Is the docker daemon running?\n"],
  [125, "docker: Cannot connect to the Docker daemon at unix:///a.sock. Is it running?\n"],
  [1, "failed to connect to the docker API at unix:///a.sock; check if the path is correct\n"],
  [1, "permission denied while trying to connect to the Docker daemon socket at unix:///a\n"],
  [125, "unknown flag: --bogus\n\nUsage:  docker run [OPTIONS] IMAGE\n"],
])("exit code %i without having reached the daemon is the transport's: %j", (code, stderr) => {
  expect(answer({ code, stderr })).toEqual({ kind: "refused", by: "transport", message: stderr });
});

test.each([
  'error during connect: Post "http://%2Fa.sock/v1.41/containers/create": EOF\n',
  'error during connect: Get "http://%2Fa.sock/v1.41/info": read: connection reset by peer\n',
  "unexpected EOF\n",
])("an answer that broke off is none: the daemon may have done it: %j", (stderr) => {
  expect(answer({ code: 1, stderr })).toEqual({
    kind: "unknown",
    reason: "connection-lost",
    message: stderr,
  });
});

test.each([
  "Error response from daemon: No such container: nosuch\n",
  "Error: No such container: nosuch\n",
  "Error response from daemon: network nosuch not found\nexit status 1\n",
  "Error: No such network: nosuch\n",
])("removing what is not there has removed it: %j", (stderr) => {
  expect(answer({ code: 1, stderr }, { kind: "removal" })).toEqual({ kind: "done" });
  expect(answer({ code: 1, stderr })).toMatchObject({ kind: "refused", by: "daemon" });
});

test("of several that are removed at once, one that is gone does not speak for one that stays", () => {
  const stderr = [
    "Error response from daemon: No such container: job-redis",
    "Error response from daemon: error while removing network: network job has active endpoints",
  ].join("\n");
  expect(answer({ code: 1, stderr }, { kind: "removal" })).toMatchObject({
    kind: "refused",
    by: "daemon",
  });
});

test("a failure without a word on stderr is told in the words of stdout", () => {
  expect(answer({ code: 1, stdout: "no\n" })).toMatchObject({ by: "daemon", message: "no\n" });
});

test("a failure without any word is a finding of the harness", () => {
  expect(answer({ code: 1 })).toEqual({
    kind: "refused",
    by: "harness",
    message: "docker ended with exit code 1 and said nothing",
  });
});

test("a process that a deadline ended is unknown by timeout, one of a cancelled run by that", () => {
  const parts = { code: null, broken: { kind: "aborted" } } as const;
  const late = AbortSignal.abort(new DeadlinePassed(seconds(30)));
  expect(answer(parts, { kind: "id" }, late)).toEqual({
    kind: "unknown",
    reason: "timeout",
    message: "no answer within 30.0s",
  });
  const stopped = AbortSignal.abort(new Error("interrupted"));
  expect(answer(parts, { kind: "id" }, stopped)).toEqual({
    kind: "unknown",
    reason: "cancelled",
    message: "interrupted",
  });
});

test("a process that was done when the signal aborted has done it", () => {
  expect(answer({}, { kind: "nothing" }, AbortSignal.abort())).toEqual({ kind: "done" });
});

test("a process that somebody else killed may have done it", () => {
  const parts = { code: null, broken: { kind: "killed", by: "SIGKILL" } } as const;
  expect(answer(parts)).toEqual({
    kind: "unknown",
    reason: "connection-lost",
    message: "docker was ended by SIGKILL",
  });
});

test("a process that was never started is a finding of the harness", () => {
  const parts = { code: null, broken: { kind: "not-started", why: "spawn EAGAIN" } } as const;
  expect(answer(parts)).toEqual({
    kind: "refused",
    by: "harness",
    message: "docker could not be started: spawn EAGAIN",
  });
});
