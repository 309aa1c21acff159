import { expect, test } from "vitest";
import { dockerCommand, publishWord } from "../../../harness/core/docker-command.ts";

test.each([
  [{ containerPort: 3306, hostIp: "", hostPort: null }, "3306"],
  [{ containerPort: 3306, hostIp: "", hostPort: 13306 }, "13306:3306"],
  [{ containerPort: 3306, hostIp: "127.0.0.1", hostPort: null }, "127.0.0.1::3306"],
  [{ containerPort: 3306, hostIp: "::1", hostPort: 3306 }, "[::1]:3306:3306"],
])("%o is published as %s", (request, word) => {
  expect(publishWord(request)).toBe(word);
});

test("a container is created with everything that the run asked for, and the image's arguments last", () => {
  const command = dockerCommand({
    kind: "container.create",
    service: "redis",
    container: "stress-r-w1j1-redis",
    spec: {
      image: "redis:7",
      network: "stress-r-w1j1",
      aliases: ["redis"],
      command: ["redis-server", "--save", ""],
      env: { A: "1" },
      publish: [{ containerPort: 6379, hostIp: "", hostPort: 6379 }],
      labels: { one: "two" },
    },
  });
  expect(command).toEqual([
    ...["docker", "create", "--name", "stress-r-w1j1-redis", "--network", "stress-r-w1j1"],
    ...["--network-alias", "redis", "--label", "one=two", "--env", "A=1"],
    ...["--publish", "6379:6379", "redis:7", "redis-server", "--save", ""],
  ]);
});
