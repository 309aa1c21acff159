import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { toAnswer } from "../../../docker/client/answer.ts";
import { exchange } from "../../../docker/client/exchange.ts";
import { DeadlinePassed } from "../../../harness/core/errors.ts";
import { millis } from "../../../harness/core/units.ts";

const PING = { method: "GET", path: "/_ping" } as const;

/** A daemon on a unix socket that does one thing. */
const daemon = async (listener: RequestListener) => {
  const directory = mkdtempSync(join(tmpdir(), "exchange-"));
  const server = createServer(listener).listen(join(directory, "s"));
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return new Dockerode({ socketPath: join(directory, "s") });
};

const answerOf = async (
  docker: Dockerode,
  controller = new AbortController(),
  call: Parameters<typeof exchange>[1] = PING,
) => {
  try {
    return await exchange(docker, call, { signal: controller.signal });
  } catch (error) {
    return toAnswer(error, controller.signal);
  }
};

test("a refusal carries the daemon's own words and status", async () => {
  const docker = await daemon((_request, response) => {
    response.writeHead(409, { "content-type": "application/json" });
    response.end('{"message":"network with name x already exists"}');
  });
  expect(await answerOf(docker)).toEqual({
    kind: "refused",
    by: "daemon",
    status: 409,
    message: "network with name x already exists",
  });
});

test("a socket that closes in the middle of an answer is a lost connection, not a hang", async () => {
  const docker = await daemon((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{", () => response.destroy());
  });
  expect(await answerOf(docker)).toMatchObject({ kind: "unknown", reason: "connection-lost" });
});

test("a socket that closes before an answer is a lost connection", async () => {
  const docker = await daemon((request) => request.socket.destroy());
  expect(await answerOf(docker)).toMatchObject({ kind: "unknown", reason: "connection-lost" });
});

test("no daemon at the socket is refused by the transport: the request never arrived", async () => {
  const docker = new Dockerode({ socketPath: "/nonexistent/docker.sock" });
  expect(await answerOf(docker)).toMatchObject({
    kind: "refused",
    by: "transport",
    message: expect.stringContaining("connect ENOENT /nonexistent/docker.sock") as string,
  });
});

test.each([
  [new DeadlinePassed(millis(1000)), "timeout"],
  [new Error("SIGINT"), "cancelled"],
])("an abort with %o is unknown: %s", async (reason, expected) => {
  const controller = new AbortController();
  const docker = await daemon(() => {
    controller.abort(reason);
  });
  expect(await answerOf(docker, controller)).toMatchObject({ kind: "unknown", reason: expected });
});

test.each([301, 302, 307, 308])(
  "a redirect (%i) is a refusal, and no other address is asked",
  async (status) => {
    const asked: string[] = [];
    const other = createServer(({ url = "" }, response) => {
      asked.push(url);
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => {
      other.closeAllConnections();
      other.close();
    });
    const { port } = other.address() as AddressInfo;
    const docker = await daemon((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${String(port)}/elsewhere` });
      response.end("{}");
    });
    expect(await answerOf(docker)).toMatchObject({ kind: "refused", by: "daemon", status });
    // On the same loop, one request later: what had been sent there has arrived.
    await fetch(`http://127.0.0.1:${String(port)}/last`);
    expect(asked).toEqual(["/last"]);
  },
);

test("an answer without end is given up at its limit", async () => {
  const docker = await daemon((_request, response) => {
    const chunk = Buffer.alloc(1 << 20);
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", write);
    write();
  });
  expect(await answerOf(docker)).toEqual({
    kind: "unknown",
    reason: "connection-lost",
    message: "the answer is longer than 64 MiB",
  });
});

test("an abort in the middle of an answer ends the call", async () => {
  const controller = new AbortController();
  const docker = await daemon((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{", () => {
      controller.abort(new Error("SIGINT"));
    });
  });
  expect(await answerOf(docker, controller)).toMatchObject({ reason: "cancelled" });
});

test("the moment of writing is told once, before the answer", async () => {
  const docker = await daemon((_request, response) => response.end("{}"));
  const told: string[] = [];
  await exchange(docker, PING, {
    signal: new AbortController().signal,
    onWritten: () => told.push("written"),
  });
  told.push("answered");
  expect(told).toEqual(["written", "answered"]);
});

test.each([
  [{ method: "GET", path: "/a?all=true" }, "GET /a?all=true "],
  [{ method: "DELETE", path: "/a?force=true&v=true" }, "DELETE /a?force=true&v=true "],
  [{ method: "POST", path: "/a/start" }, "POST /a/start "],
  [{ method: "POST", path: "/a?name=x", body: { Image: "i" } }, 'POST /a?name=x {"Image":"i"}'],
] as const)("%o arrives as it was meant", async (call, expected) => {
  let arrived = "";
  const docker = await daemon((request, response) => {
    arrived = `${request.method ?? ""} ${request.url ?? ""} `;
    request.on("data", (chunk: Buffer) => (arrived += chunk.toString()));
    request.on("end", () => response.end("{}"));
  });
  await answerOf(docker, new AbortController(), call);
  expect(arrived).toBe(expected);
});
