import { expect, test } from "vitest";
import { toCall } from "../../../docker/client/calls.ts";
import { HOST_NETWORK, type ContainerSpec } from "../../../harness/core/model.ts";
import { seconds } from "../../../harness/core/units.ts";

const ATTACH = {
  kind: "network.connect",
  service: "app",
  container: "r1-app",
  network: "r1-front",
  aliases: ["app"],
} as const;

test("a container is attached by its names, and with a priority where one is asked for", () => {
  expect(toCall(ATTACH)).toEqual({
    method: "POST",
    path: "/networks/r1-front/connect",
    body: { Container: "r1-app", EndpointConfig: { Aliases: ["app"] } },
  });
  expect(toCall({ ...ATTACH, gatewayPriority: -1 }).body).toMatchObject({
    EndpointConfig: { GwPriority: -1 },
  });
});

test("a network is internal or has IPv6 only where that is asked for", () => {
  const network = { kind: "network.create", network: "r1", labels: {} } as const;
  expect(toCall(network).body).toEqual({
    Name: "r1",
    Driver: "bridge",
    CheckDuplicate: true,
    Labels: {},
  });
  expect(toCall({ ...network, internal: true, ipv6Subnet: "fd00::/64" }).body).toMatchObject({
    Internal: true,
    EnableIPv6: true,
    IPAM: { Config: [{ Subnet: "fd00::/64" }] },
  });
});

const SPEC: ContainerSpec = {
  image: "redis:7",
  network: "r1",
  aliases: ["redis"],
  command: null,
  env: {},
  publish: [],
  labels: {},
};

const bodyOf = (spec: ContainerSpec) =>
  toCall({ kind: "container.create", service: "redis", container: "r1-redis", spec }).body;

test("a container on the engine's own network is given neither a name nor a gateway there", () => {
  expect(bodyOf({ ...SPEC, gatewayPriority: 1 })).toMatchObject({
    NetworkingConfig: { EndpointsConfig: { r1: { Aliases: ["redis"], GwPriority: 1 } } },
  });
  const onHost = bodyOf({ ...SPEC, network: HOST_NETWORK });
  expect(onHost).toMatchObject({ HostConfig: { NetworkMode: "host" } });
  expect(onHost).not.toHaveProperty("NetworkingConfig");
});

test("the times of a health check are nanoseconds", () => {
  const health = {
    test: ["CMD-SHELL", "redis-cli ping"],
    interval: seconds(10),
    timeout: seconds(5),
    retries: 5,
    startPeriod: seconds(0),
  };
  expect(bodyOf({ ...SPEC, health })).toHaveProperty("Healthcheck", {
    Test: ["CMD-SHELL", "redis-cli ping"],
    Interval: 10e9,
    Timeout: 5e9,
    Retries: 5,
    StartPeriod: 0,
  });
});
