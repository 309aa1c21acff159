import { expect, test } from "vitest";
import { healthIn, publishedIn } from "../../../docker/command/published.ts";

const BOTH = [
  { containerPort: 6379, hostIp: "0.0.0.0", hostPort: 32768 },
  { containerPort: 6379, hostIp: "::", hostPort: 32768 },
];

test.each([
  ["today", "6379/tcp -> 0.0.0.0:32768\n6379/tcp -> [::]:32768\n", null],
  ["up to 20.10", "6379/tcp -> 0.0.0.0:32768\n6379/tcp -> :::32768\n", null],
  ["for one port", "0.0.0.0:32768\n[::]:32768\n", 6379],
  ["for one port up to 20.10", "0.0.0.0:32768\n:::32768\n", 6379],
])("docker port as it is printed %s", (_, stdout, containerPort) => {
  expect(publishedIn(stdout, containerPort)).toEqual(BOTH);
});

test("several ports keep the order in which they are printed", () => {
  const stdout = "8123/tcp -> 127.0.0.1:40001\n9000/tcp -> 127.0.0.1:40000\n";
  expect(publishedIn(stdout)).toEqual([
    { containerPort: 8123, hostIp: "127.0.0.1", hostPort: 40001 },
    { containerPort: 9000, hostIp: "127.0.0.1", hostPort: 40000 },
  ]);
});

test("a container without published ports has none", () => {
  expect(publishedIn("")).toEqual([]);
});

test.each(["6379/tcp", "6379/tcp -> nowhere", "0.0.0.0:32768", "Error: no public port"])(
  "%j says nothing of which port is published where",
  (stdout) => {
    expect(publishedIn(stdout)).toBeNull();
  },
);

test.each([
  ["healthy\n", "healthy"],
  ["starting\n", "starting"],
  ["unhealthy\n", "unhealthy"],
  ["\n", ""],
  ["", ""],
  ["<no value>\n", null],
])("health %j is %j", (stdout, health) => {
  expect(healthIn(stdout)).toBe(health);
});
