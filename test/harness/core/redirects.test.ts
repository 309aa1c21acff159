import { expect, test } from "vitest";
import type { Rule } from "../../../harness/core/evidence.ts";
import { redirectIn, redirectsLoopback } from "../../../harness/core/redirects.ts";

const iptables = (rule: string, chain = "DOCKER"): Rule => ({
  backend: "iptables-nft",
  chain,
  line: 1,
  rule,
});

test.each([
  [
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:6379",
    ["tcp", null, 80, "172.17.0.2", 6379],
  ],
  [
    "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.2:53",
    ["udp", "127.0.0.1", 53, "172.17.0.2", 53],
  ],
  [
    "-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:6::2]:6379",
    ["tcp", null, 80, "fd00:6::2", 6379],
  ],
  [
    'ip daddr 10.0.2.100 tcp dport 80 counter packets 0 bytes 0 dnat to 172.17.0.2:6379 comment "DNAT"',
    ["tcp", "10.0.2.100", 80, "172.17.0.2", 6379],
  ],
  [
    'iifname != "docker0" tcp dport 80 counter dnat ip6 to [fd00:6::2]:6379',
    ["tcp", null, 80, "fd00:6::2", 6379],
  ],
])("%s is read", (rule, [protocol, address, port, target, targetPort]) => {
  expect(redirectIn(iptables(rule))).toMatchObject({
    ...{ protocol, address, port, target, targetPort },
  });
});

test.each([
  "-A DOCKER -i docker0 -j RETURN",
  "-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE",
  "tcp dport 80 accept",
])("%s sends nothing anywhere", (rule) => {
  expect(redirectIn(iptables(rule))).toBeNull();
});

test.each([
  ["-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER", "OUTPUT", false],
  ["-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER", "OUTPUT", true],
  ["-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER", "PREROUTING", false],
  [
    "ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output",
    "ip docker-bridges nat-OUTPUT",
    false,
  ],
  [
    "fib daddr type local counter jump nat-prerouting-and-output",
    "ip docker-bridges nat-OUTPUT",
    true,
  ],
])("%s sends loopback of IPv4 to the engine's rules: %s", (rule, chain, redirects) => {
  expect(redirectsLoopback([iptables(rule, chain)], "127.0.0.1")).toBe(redirects);
  expect(redirectsLoopback([iptables(rule, chain)], "::1")).toBe(false);
});
