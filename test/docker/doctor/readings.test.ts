/**
 * The texts of the kernel and of programs, read.
 */
import { expect, test } from "vitest";
import { backendIn, lacksLegacyNat } from "../../../docker/doctor/firewall-seen.ts";
import { addressesOf, keysIn, largestRange } from "../../../docker/doctor/machine-seen.ts";
import { sixOnlyIn } from "../../../docker/doctor/namespace-seen.ts";
import { bindsPrivileged } from "../../../docker/doctor/processes-seen.ts";

test("ss tells which listeners on [::] leave IPv4 alone", () => {
  const listed = `LISTEN 0      4096       127.0.0.1:15360 0.0.0.0:* uid:1001 ino:1 sk:1 cgroup:/ <->
LISTEN 0      4096            [::]:8080     [::]:* uid:1001 ino:2 sk:2 cgroup:/ v6only:1 <->
LISTEN 0      511                *:3000        *:* ino:3 sk:3 cgroup:/ v6only:0 <->
LISTEN 0      4096           [::1]:8081     [::]:* uid:1001 ino:4 sk:4 cgroup:/ v6only:1 <->
`;
  expect(sixOnlyIn(listed)).toEqual([8080]);
});

test.each([
  ["iptables v1.8.9 (nf_tables)", "iptables-nft"],
  ["iptables v1.8.9 (legacy)", "iptables-legacy"],
  ["iptables v1.6.1", null],
])("“%s” is %s", (version, backend) => {
  expect(backendIn(version)).toBe(backend);
});

test.each([
  ["", "kernel/net/ipv4/netfilter/ip_tables.ko\n", true],
  ["iptable_nat 12288 1 - Live 0x0\n", "", false],
  ["", "kernel/net/ipv4/netfilter/iptable_nat.ko\n", false],
  [null, "", false],
  ["", null, false],
])(
  "modules %j, built in %j: no NAT of iptables-legacy is certain: %s",
  (modules, builtin, lacks) => {
    expect(lacksLegacyNat(modules, builtin)).toBe(lacks);
  },
);

test("a user's largest range counts, by name or by number", () => {
  const source = "ada:100000:65536\neve:165536:1000\n1000:200000:131072\n";
  expect(largestRange(source, { uid: 1000, name: "ada" })).toBe(131_072);
  expect(largestRange(source, { uid: 1001, name: "eve" })).toBe(1000);
  expect(largestRange(source, { uid: 1002, name: null })).toBe(0);
});

test("localhost may have several addresses, and comments none", () => {
  const hosts =
    "127.0.0.1 localhost me\n::1 localhost ip6-localhost # and more\n# 10.0.0.1 localhost\n";
  expect(addressesOf(hosts, "localhost")).toEqual(["127.0.0.1", "::1"]);
});

test("a user's keys are those in use, of those allowed", () => {
  const table = "    0:     9 8/8 3/1000000 40/25000000\n 1001:     4 4/4 4/200 280/20000\n";
  expect(keysIn(table, 1001)).toEqual({ used: 4, max: 200 });
  expect(keysIn(table, 100)).toBeNull();
});

test.each([
  ["CapEff:\t0000000000000000\n", false],
  ["CapEff:\t0000000000000400\n", true],
  ["CapEff:\t000001ffffffffff\n", true],
  ["Name:\trootlesskit\n", null],
])("%j binds privileged ports: %s", (status, binds) => {
  expect(bindsPrivileged(status)).toBe(binds);
});
