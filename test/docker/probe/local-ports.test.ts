import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { dialTcp } from "../../../docker/probe/dial.ts";
import { LocalPorts } from "../../../docker/probe/local-ports.ts";
import { listenOnLoopback } from "./tcp-service.ts";

const never = new AbortController().signal;

test("ports go round from first to last", () => {
  const ports = new LocalPorts({ first: 10, last: 12 });
  expect(Array.from({ length: 5 }, () => ports.next())).toEqual([10, 11, 12, 10, 11]);
  expect(ports.size).toBe(3);
});

test("the ports lie below the kernel's ephemeral range", () => {
  const ports = new LocalPorts();
  const all = Array.from({ length: ports.size }, () => ports.next());
  expect([Math.min(...all), Math.max(...all)]).toEqual([10_240, 13_311]);
});

test("a dial comes from the next port and skips one on which somebody listens", async () => {
  const blocker = createServer().listen(11_311, "0.0.0.0");
  await once(blocker, "listening");
  const seen: (number | undefined)[] = [];
  const service = await listenOnLoopback(({ remotePort }) => seen.push(remotePort));
  onTestFinished(async () => {
    blocker.close();
    await service.close();
  });
  const localPorts = new LocalPorts({ first: 11_310, last: 11_313 });
  const dial = dialTcp({ host: "127.0.0.1", port: service.port, localPorts });
  const streams: unknown[] = [await dial(never), await dial(never), await dial(never)];
  expect(streams.map((stream) => (stream as Socket).localPort)).toEqual([11_310, 11_312, 11_313]);
});

test("when every port is taken the last refusal is told", async () => {
  const blocker = createServer().listen(11_320, "0.0.0.0");
  await once(blocker, "listening");
  onTestFinished(() => {
    blocker.close();
  });
  const localPorts = new LocalPorts({ first: 11_320, last: 11_320 });
  const dial = dialTcp({ host: "127.0.0.1", port: 9, localPorts });
  await expect(dial(never)).rejects.toThrow(/EADDRINUSE/);
});
