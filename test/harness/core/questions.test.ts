import { expect, test } from "vitest";
import type { Answer, JobPlan, Operation } from "../../../harness/core/model.ts";
import { portNamedIn, questionsOf } from "../../../harness/core/questions.ts";
import { portTaken } from "./history.ts";

test.each([
  [portTaken(32_852), 32_852],
  ["Bind for 127.0.0.1:6379 failed: port is already allocated", 6379],
  ["failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use", 8080],
  // Engine 28.5.2, of a dynamic port: the only port it names is the container's.
  ["failed to bind host port for 0.0.0.0::172.25.0.4:9000/tcp: address already in use", null],
  ["failed to bind host port for [::]::[fd00::2]:9000/tcp: address already in use", null],
  ["listen tcp6 [::]:53: bind: address already in use", 53],
  ["listen tcp4 :::8443: bind: address already in use", 8443],
  [
    "cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or choose a larger port number (>= 1024): listen tcp4 0.0.0.0:80: bind: permission denied",
    80,
  ],
  ["error while calling PortManager.AddPort(): conflict with ID 7", null],
  ["listen tcp4 0.0.0.0:99999: bind", null],
])("%j names port %j", (message, port) => {
  expect(portNamedIn(message)).toBe(port);
});

const START: Operation = { kind: "container.start", service: "redis", container: "c" };

const JOB: JobPlan = {
  id: "w1j1",
  phases: [
    [
      {
        kind: "container.create",
        service: "redis",
        container: "c",
        spec: {
          image: "i",
          network: "n",
          aliases: [],
          command: null,
          env: {},
          publish: [
            { containerPort: 1, hostIp: "127.0.0.1", hostPort: 61_000 },
            { containerPort: 2, hostIp: "", hostPort: 61_001 },
            { containerPort: 3, hostIp: "", hostPort: null },
          ],
          labels: {},
        },
      },
    ],
    [START],
  ],
  teardown: [],
};

const refused = (message: string): Answer => ({
  kind: "refused",
  by: "daemon",
  status: 500,
  message,
});

test("a port is asked for at the address that the job wanted it at", () => {
  const words =
    "driver failed programming external connectivity on endpoint c (4f0c): Error starting userland proxy: listen tcp4 127.0.0.1:61000: bind: address already in use";
  expect(questionsOf(refused(words), START, JOB)).toEqual([
    { about: "port", port: 61_000, hostIp: "127.0.0.1" },
  ]);
});

test.each([
  ["listen tcp4 127.0.0.1:32770: bind: address already in use", "127.0.0.1"],
  ["listen tcp6 [::]:32770: bind: address already in use", "::"],
])("the address is that of the words: %s", (words, hostIp) => {
  const message = `error while calling RootlessKit PortManager.AddPort(): ${words}`;
  expect(questionsOf(refused(message), START, JOB)).toEqual([
    { about: "port", port: 32_770, hostIp },
  ]);
});

test("words that name no port are a question about every fixed one", () => {
  const words =
    "driver failed programming external connectivity on endpoint c (4f0c): Error starting userland proxy: error while calling PortManager.AddPort(): conflict with ID 7";
  expect(questionsOf(refused(words), START, JOB)).toEqual([
    { about: "port", port: 61_000, hostIp: "127.0.0.1" },
    { about: "port", port: 61_001, hostIp: "" },
  ]);
});

test.each<[string, Operation, Answer, string]>([
  [
    "an exhausted pool",
    { kind: "network.create", network: "n", labels: {} },
    refused("all predefined address pools have been fully subnetted"),
    "subnets",
  ],
  [
    "a taken network name",
    { kind: "network.create", network: "n", labels: {} },
    refused("network with name n already exists"),
    "name",
  ],
  [
    "a call past its deadline",
    START,
    { kind: "unknown", reason: "timeout", message: "no answer within 60s" },
    "daemon",
  ],
  [
    "a connection that broke",
    START,
    { kind: "unknown", reason: "connection-lost", message: "socket hang up" },
    "daemon",
  ],
])("%s is a question about what stands behind it", (_, operation, answer, about) => {
  expect(questionsOf(answer, operation, JOB)).toMatchObject([{ about }]);
});

test("only a call that was not answered in time is a hang", () => {
  const late: Answer = { kind: "unknown", reason: "timeout", message: "no answer within 60s" };
  const broken: Answer = { kind: "unknown", reason: "connection-lost", message: "socket hang up" };
  expect(questionsOf(late, START, JOB)).toEqual([{ about: "daemon", hang: true }]);
  expect(questionsOf(broken, START, JOB)).toEqual([{ about: "daemon", hang: false }]);
});

test.each<[string, Answer]>([
  ["what is done", { kind: "done" }],
  ["what was cancelled", { kind: "unknown", reason: "cancelled", message: "cancelled by SIGINT" }],
  ["words of another kind", refused("No such image: x")],
])("%s is no question", (_, answer) => {
  expect(questionsOf(answer, START, JOB)).toEqual([]);
});
