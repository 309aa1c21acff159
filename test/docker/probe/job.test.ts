import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { SimulatedService } from "../../../docker/fake/services.ts";
import { decodeJobLine, encodeJobLine, type JobLine } from "../../../docker/probe/job-lines.ts";
import { decodeJobRequest } from "../../../docker/probe/job-request.ts";
import { listenOnLoopback } from "./tcp-service.ts";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("../../../dist/docker/probe/job-main.js", import.meta.url));

test.each<JobLine>([
  { step: "ready", service: "mysql", attempts: 3 },
  { step: "identity", service: "mysql", nonces: ["a", "b"] },
  { step: "ready", service: "redis", error: "not ready within 3s: LOADING" },
  { step: "identity", service: "redis", error: "read ECONNRESET" },
])("%j comes back as it was written", (line) => {
  expect(decodeJobLine(encodeJobLine(line).trimEnd())).toEqual(line);
});

test.each([
  "",
  "null",
  "[]",
  "Starting up …",
  '{"step":"ready","service":"mysql"}',
  '{"step":"ready","attempts":1}',
  '{"step":"identity","service":"mysql","nonces":[1]}',
  '{"step":"other","service":"mysql","error":"x"}',
])("%j is no line of ours", (text) => {
  expect(decodeJobLine(text)).toBeNull();
});

test.each([
  ['{"deadlineMs":0,"nonce":"n","services":[]}', "deadlineMs is no duration"],
  ['{"deadlineMs":1,"services":[]}', "nonce is no text"],
  ['{"deadlineMs":1,"nonce":"n"}', "services is no list"],
  [
    '{"deadlineMs":1,"nonce":"n","services":[{"service":"a","protocol":"x","host":"a","port":1}]}',
    "a: no such protocol: x",
  ],
  ['{"deadlineMs":1,"dial":{"host":"a","ports":[1]}}', "retryMs is no duration"],
  ['{"deadlineMs":1,"retryMs":1,"dial":{"ports":[1]}}', "dial has no host"],
  ['{"deadlineMs":1,"retryMs":1,"dial":{"host":"a","ports":[]}}', "dial has no ports"],
  ['{"deadlineMs":1,"retryMs":1,"dial":{"host":"a","ports":[0]}}', "a: no port: 0"],
])("%j is no request: %s", (text, words) => {
  expect(() => decodeJobRequest(text)).toThrow(words);
});

test("the program says of each service when it is ready and whose it is", async () => {
  const redis = new SimulatedService("redis", 0);
  redis.nonces.add("stranger");
  const service = await listenOnLoopback((socket) => {
    redis.attend(socket, 6379);
  });
  onTestFinished(service.close);
  const host = "127.0.0.1";
  const request = {
    deadlineMs: 200,
    nonce: "n1",
    services: [
      { service: "redis", protocol: "redis", host, port: service.port },
      { service: "mysql", protocol: "mysql", host, port: 1 },
    ],
  };
  const { stdout } = await run(process.execPath, [PROGRAM, JSON.stringify(request)]);
  expect(stdout.trim().split("\n").map(decodeJobLine)).toEqual([
    { step: "ready", service: "redis", attempts: 1 },
    { step: "identity", service: "redis", nonces: ["n1", "stranger"] },
    {
      step: "ready",
      service: "mysql",
      error: "not ready within 0.2s: connect ECONNREFUSED 127.0.0.1:1",
    },
  ]);
});

test("the program refuses an argument that is no request with exit code 64", async () => {
  await expect(run(process.execPath, [PROGRAM, "?"])).rejects.toMatchObject({ code: 64 });
});

test("a program that waits ends well as soon as somebody accepts, and badly where nobody does", async () => {
  const service = await listenOnLoopback(() => undefined);
  onTestFinished(service.close);
  const wait = (...ports: readonly number[]) =>
    run(process.execPath, [
      PROGRAM,
      JSON.stringify({ deadlineMs: 200, retryMs: 50, dial: { host: "127.0.0.1", ports } }),
    ]);
  await expect(wait(1, service.port)).resolves.toMatchObject({ stdout: "" });
  await expect(wait(1)).rejects.toMatchObject({ code: 1 });
});
