import { expect, onTestFinished, test } from "vitest";
import { decodeDatapathLine, encodeDatapathLine } from "../../../docker/probe/datapath-lines.ts";
import type { DatapathLine } from "../../../docker/probe/datapath-lines.ts";
import { decodeDatapathRequest } from "../../../docker/probe/datapath-request.ts";
import { dialTcp } from "../../../docker/probe/dial.ts";
import { makeRequests } from "../../../docker/probe/requests.ts";
import { listenOnLoopback } from "./tcp-service.ts";

test("connections are made one after another, and then one is held", async () => {
  let connections = 0;
  let pings = 0;
  const { port, close } = await listenOnLoopback((socket) => {
    connections += 1;
    socket.on("data", () => {
      pings += 1;
      socket.write("+PONG\r\n");
    });
  });
  onTestFinished(close);
  const said: DatapathLine[] = [];
  // A clock on which every look takes a millisecond.
  let time = 0;
  await makeRequests(
    { connects: 3, connectMs: 1000, holdMs: 20 },
    {
      dial: dialTcp({ host: "127.0.0.1", port }),
      now: () => (time += 1),
      say: (line) => said.push(line),
      signal: AbortSignal.timeout(5000),
    },
  );
  expect(said).toEqual([
    { step: "connected", latencies: [1, 1, 1] },
    { step: "holding" },
    { step: "asked", requests: 19, elapsedMs: 21 },
  ]);
  expect(connections).toBe(4);
  expect(pings).toBe(3 + 1 + 19);
});

test("the time for new connections ends them, but one is always made", async () => {
  const { port, close } = await listenOnLoopback((socket) => {
    socket.on("data", () => socket.write("+PONG\r\n"));
  });
  onTestFinished(close);
  const said: DatapathLine[] = [];
  let time = 0;
  await makeRequests(
    { connects: 100, connectMs: 2, holdMs: 1 },
    {
      dial: dialTcp({ host: "127.0.0.1", port }),
      now: () => (time += 1),
      say: (line) => said.push(line),
      signal: AbortSignal.timeout(5000),
    },
  );
  expect(said[0]).toEqual({ step: "connected", latencies: [1] });
});

test.each<DatapathLine>([
  { step: "reached", address: "::1", outcome: "leads-nowhere", words: "accepted" },
  { step: "connected", latencies: [0.25, 1] },
  { step: "holding" },
  { step: "asked", requests: 12, elapsedMs: 1000.5 },
  { step: "failed", words: "connect ECONNREFUSED" },
])("a line is read back as it was said: $step", (line) => {
  expect(decodeDatapathLine(encodeDatapathLine(line).trim())).toEqual(line);
});

test.each(["", "null", "Warning: something", '{"step":"asked"}', '{"step":"reached"}'])(
  "%j is no line of ours",
  (text) => {
    expect(decodeDatapathLine(text)).toBeNull();
  },
);

const server = { host: "redis", port: 6379, family: 6 };

test.each([
  { kind: "reach", ...server, question: "iperf3", patienceMs: 2000 },
  { kind: "requests", ...server, connects: 500, connectMs: 2000, holdMs: 2000 },
])("a request of kind $kind is understood", (request) => {
  expect(decodeDatapathRequest(JSON.stringify(request))).toEqual(request);
});

test.each([
  [{ kind: "reach", ...server, family: 5, question: "redis", patienceMs: 1 }, /family/],
  [{ kind: "reach", ...server, question: "mysql", patienceMs: 1 }, /question/],
  [{ kind: "requests", ...server, connects: 1, connectMs: 0, holdMs: 1 }, /connectMs/],
  [{ kind: "sleep", ...server }, /neither/],
])("what is wrong with a request is named", (request, words) => {
  expect(() => decodeDatapathRequest(JSON.stringify(request))).toThrow(words);
});
