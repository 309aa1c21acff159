import { expect, test } from "vitest";
import { portRetries, portRetrySchema } from "../../../harness/core/port-retries.ts";

const AT = "2026-11-21T04:00:01.000000000Z";

test("Engine 20.10 to 27 says the words and the attempt in its message", () => {
  const words =
    "Error starting userland proxy: error while calling PortManager.AddPort(): listen tcp4 0.0.0.0:32779: bind: address already in use";
  expect(
    portRetries([
      `time="${AT}" level=warning msg="Failed to allocate and map port: ${words}, retry: 3"`,
    ]),
  ).toEqual([
    {
      at: Date.parse(AT),
      port: 32779,
      attempt: 3,
      class: "port.rootlesskit_addport_in_use",
      words,
    },
  ]);
});

test("Engine 28.3 to 28.5 says them beside it", () => {
  const words =
    "error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32771: bind: address already in use";
  expect(
    portRetries([
      `time="${AT}" level=warning msg="Failed to allocate and map port" attempt=1 error="${words}"`,
    ]),
  ).toMatchObject([{ port: 32771, attempt: 1, class: "port.rootlesskit_addport_in_use", words }]);
});

test("Engine 29 retries a port that is taken in its own namespace, in other words", () => {
  const words = "failed to bind host port 127.0.0.1:13384/tcp: address already in use";
  expect(
    portRetries([
      `time="${AT}" level=warning msg="Failed to allocate port" attempt=1 error="${words}"`,
      `time="${AT}" level=warning msg="Failed to allocate port" error="${words}"`,
    ]),
  ).toEqual([
    { at: Date.parse(AT), port: 13384, attempt: 1, class: "port.host_bind_in_use", words },
  ]);
});

test("a retry whose words name no port is kept without one", () => {
  expect(
    portRetries([
      `level=warning msg="Failed to allocate and map port: Timed out proxy starting the userland proxy, retry: 2"`,
    ]),
  ).toMatchObject([{ at: null, port: null, attempt: 2 }]);
});

test("a fixed port that is refused is no retry, nor is any other line", () => {
  expect(
    portRetries([
      `level=warning msg="Failed to allocate and map port 80-80: Bind for 0.0.0.0:80 failed: port is already allocated"`,
      "net.ipv4.ip_forward = 1",
    ]),
  ).toEqual([]);
});

test("a retry is what its schema says", () => {
  const found = portRetries([
    `time="${AT}" level=warning msg="Failed to allocate and map port: no, retry: 1"`,
  ]);
  expect(found.map((retry) => portRetrySchema.parse(retry))).toEqual(found);
});
