import { expect, test } from "vitest";
import {
  addressOn,
  bridgeAddresses,
  ownDefault,
  ownRoutes,
} from "../../../docker/probe/kernel-routes.ts";
import { ON_ONE_NETWORK, ON_TWO_NETWORKS } from "../../harness/core/routes/captured.ts";

const INTERNAL = ON_ONE_NETWORK.route
  .split("\n")
  .filter((line) => !line.startsWith("eth0\t00000000"))
  .join("\n");

test("the default route is told with its interface", () => {
  expect(ownDefault(ownRoutes(ON_TWO_NETWORKS.route))).toMatchObject({
    interface: "eth1",
    gateway: "172.21.0.1",
  });
});

test("the engine may be found at the gateway before all, and at each subnet's first address", () => {
  expect(bridgeAddresses(ownRoutes(ON_TWO_NETWORKS.route))).toEqual(["172.21.0.1", "172.20.0.1"]);
});

test("on an internal network there is no default route, and the engine is found all the same", () => {
  const routes = ownRoutes(INTERNAL);
  expect(ownDefault(routes)).toBeNull();
  expect(bridgeAddresses(routes)).toEqual(["172.20.0.1"]);
});

test("an interface's own address is the one in its subnet", () => {
  const routes = ownRoutes(ON_TWO_NETWORKS.route);
  expect(addressOn("eth1", routes, ON_TWO_NETWORKS.fib_trie)).toBe("172.21.0.2");
  expect(addressOn("docker0", routes, ON_TWO_NETWORKS.fib_trie)).toBeNull();
});
