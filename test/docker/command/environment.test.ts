import { expect, test } from "vitest";
import { dockerEnvironment } from "../../../docker/command/environment.ts";
import { parseHost } from "../../../docker/client/find-engine.ts";

const base = {
  PATH: "/usr/bin",
  HOME: "/root",
  DOCKER_HOST: "tcp://elsewhere:2375",
  DOCKER_CONTEXT: "elsewhere",
  DOCKER_CONFIG: "/root/.docker",
  DOCKER_TLS_VERIFY: "1",
  DOCKER_API_VERSION: "1.24",
  COMPOSE_PROJECT_NAME: "mine",
  UNSET: undefined,
};

test("of the user's docker settings none is left, and all else is", () => {
  const address = parseHost("unix:///run/docker.sock", "test");
  expect(dockerEnvironment(base, { address, config: "/state/config" })).toEqual({
    PATH: "/usr/bin",
    HOME: "/root",
    DOCKER_HOST: "unix:///run/docker.sock",
    DOCKER_CONFIG: "/state/config",
    DOCKER_CLI_HINTS: "false",
  });
});

test.each(["tcp://127.0.0.1:2375", "tcp://[::1]:2376"])(
  "an engine at %s is told as such",
  (host) => {
    const address = parseHost(host, "test");
    expect(dockerEnvironment({}, { address, config: "/c" })["DOCKER_HOST"]).toBe(host);
  },
);
