import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { NET_FILES, routeTable } from "../../../../harness/core/routes/route-table.ts";
import { ON_ONE_NETWORK, ON_THREE_NETWORKS, ON_TWO_NETWORKS } from "./captured.ts";

const NOTHING = { route: "", fib_trie: "", ipv6_route: "", if_inet6: "" };

test("on one network the default route goes to its gateway", () => {
  expect(routeTable(ON_ONE_NETWORK)).toEqual({
    default4: { gateway: "172.20.0.1", interface: "eth0" },
    default6: null,
    interfaces: [{ name: "eth0", addresses: ["172.20.0.2"] }],
  });
});

test("a second network's default route is seen on the second interface", () => {
  expect(routeTable(ON_TWO_NETWORKS)).toEqual({
    default4: { gateway: "172.21.0.1", interface: "eth1" },
    default6: null,
    interfaces: [
      { name: "eth0", addresses: ["172.20.0.2"] },
      { name: "eth1", addresses: ["172.21.0.2"] },
    ],
  });
});

test("a network with IPv6 shows both default routes and all its addresses", () => {
  expect(routeTable(ON_THREE_NETWORKS)).toMatchObject({
    default4: { gateway: "172.29.0.1", interface: "eth2" },
    default6: { gateway: "fd00:29::1", interface: "eth2" },
    interfaces: [
      {},
      {},
      { name: "eth2", addresses: ["172.29.0.2", "fd00:29::2", "fe80::42:acff:fe1d:2"] },
    ],
  });
});

test("without any route there is no default", () => {
  expect(routeTable(NOTHING)).toEqual({ default4: null, default6: null, interfaces: [] });
});

test("of two default routes the one of the lower metric counts, and one that refuses does not", () => {
  const route = [
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask",
    "lo\t00000000\t00000000\t0200\t0\t0\t0\t00000000",
    "eth0\t00000000\t010014AC\t0003\t0\t0\t100\t00000000",
    "eth1\t00000000\t010015AC\t0003\t0\t0\t50\t00000000",
  ].join("\n");
  expect(routeTable({ ...NOTHING, route }).default4).toEqual({
    gateway: "172.21.0.1",
    interface: "eth1",
  });
});

test.each([
  ["fd000029000000000000000000000002", "fd00:29::2"],
  ["00000000000000000000000000000001", "::1"],
  ["fe800000000000000042acfffe1d0002", "fe80::42:acff:fe1d:2"],
  ["20010db8000000010000000000000000", "2001:db8:0:1::"],
  ["20010db8000100020003000400050006", "2001:db8:1:2:3:4:5:6"],
  ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
])("the kernel's %s is %s", (hex, address) => {
  const if_inet6 = `${hex} 02 40 00 80     eth0\n`;
  expect(routeTable({ ...NOTHING, if_inet6 }).interfaces).toEqual([
    { name: "eth0", addresses: [address] },
  ]);
});

test("this machine's addresses are found where Node finds them", () => {
  const [route = "", fib_trie = "", ipv6_route = "", if_inet6 = ""] = NET_FILES.map((file) => {
    try {
      return readFileSync(`/proc/self/net/${file}`, "utf8");
    } catch {
      return "";
    }
  });
  const { interfaces } = routeTable({ route, fib_trie, ipv6_route, if_inet6 });
  const known = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, family }) => !internal && family === "IPv4")
      .map(({ address }) => ({ name, address })),
  );
  for (const { name, address } of known) {
    expect(interfaces.find((each) => each.name === name)?.addresses).toContain(address);
  }
});
