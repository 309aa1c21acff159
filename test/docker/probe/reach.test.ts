import { expect, onTestFinished, test } from "vitest";
import type { Socket } from "node:net";
import { dialTcp } from "../../../docker/probe/dial.ts";
import { reach } from "../../../docker/probe/reach.ts";
import { listenOnLoopback } from "./tcp-service.ts";

const address = "127.0.0.1";

const reached = async (serve: (socket: Socket) => void, question: "redis" | "iperf3") => {
  const { port, close } = await listenOnLoopback(serve);
  onTestFinished(close);
  return await reach({ address, question, patienceMs: 200 }, dialTcp({ host: address, port }));
};

test.each([
  ["redis", "PING\r\n"],
  ["iperf3", `${"reach".padEnd(36, "-")}\0`],
] as const)("a %s that answers is reached", async (question, words) => {
  const answer = (socket: Socket): void => {
    socket.once("data", (asked: Buffer) => {
      if (asked.toString() === words) socket.write("\t");
    });
  };
  expect(await reached(answer, question)).toEqual({ address, outcome: "answers", words: null });
});

test("a port where nobody listens refuses", async () => {
  const { port, close } = await listenOnLoopback(() => undefined);
  await close();
  const request = { address, question: "redis", patienceMs: 200 } as const;
  expect(await reach(request, dialTcp({ host: address, port }))).toEqual({
    address,
    outcome: "refused",
    words: `connect ECONNREFUSED 127.0.0.1:${String(port)}`,
  });
});

test("a listener that never answers leads nowhere", async () => {
  expect(await reached(() => undefined, "redis")).toEqual({
    address,
    outcome: "leads-nowhere",
    words: "accepted, and no answer within 0.2 s",
  });
});

test("a listener that closes without an answer leads nowhere", async () => {
  expect(await reached((socket) => socket.end(), "redis")).toEqual({
    address,
    outcome: "leads-nowhere",
    words: "accepted, and closed without an answer",
  });
});

test("no way to the address is not a refusal", async () => {
  const dial = () => Promise.reject(new Error("connect ENETUNREACH ::1:80 - Local (:::0)"));
  expect(await reach({ address: "::1", question: "redis", patienceMs: 200 }, dial)).toEqual({
    address: "::1",
    outcome: "unreachable",
    words: "connect ENETUNREACH ::1:80",
  });
});
