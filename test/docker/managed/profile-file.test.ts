import { format } from "prettier";
import { expect, test } from "vitest";
import { parseProfileFile, profileJsonSchema } from "../../../docker/managed/profile-file.ts";
import { AS_DOCKER_COMES } from "../../../harness/core/profile.ts";

const FILE = "/etc/stress/wide-pools.yaml";

test("a file says what differs from how Docker comes, and is the profile's name", () => {
  expect(parseProfileFile("userland-proxy: false\n", FILE)).toEqual({
    ...AS_DOCKER_COMES,
    name: "wide-pools",
    title: "wide-pools",
    daemonJson: { "userland-proxy": false },
  });
  expect(parseProfileFile("", "plain.yml")).toEqual({
    ...AS_DOCKER_COMES,
    name: "plain",
    title: "plain",
  });
});

test("every key has its place in the profile", () => {
  const text = `
name: everything
title: all of it
engine: debian:sid
daemon.json: { default-address-pools: [{ base: 10.200.0.0/14, size: 24 }], debug: true }
rootlesskit: { net: slirp4netns, port-driver: builtin, mtu: 1500, detach-netns: false }
ip-local-port-range: [20000, 29999]
sysctls: { net.ipv6.conf.all.disable_ipv6: 1, net.ipv4.tcp_tw_reuse: "1" }
userland-proxy: false
firewall-backend: nftables
storage-driver: overlay2
`;
  expect(parseProfileFile(text, FILE)).toEqual({
    name: "everything",
    title: "all of it",
    engine: { kind: "debian", suite: "sid" },
    rootful: false,
    daemonJson: {
      "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }],
      debug: true,
      "userland-proxy": false,
      "firewall-backend": "nftables",
      "storage-driver": "overlay2",
    },
    network: "slirp4netns",
    portDriver: "builtin",
    mtu: 1500,
    detachNetns: false,
    portRange: [20_000, 29_999],
    sysctls: { "net.ipv6.conf.all.disable_ipv6": "1", "net.ipv4.tcp_tw_reuse": "1" },
  });
});

test.each([
  ["./docker-28.5.2", { kind: "directory", path: "/etc/stress/docker-28.5.2" }],
  ["/opt/docker", { kind: "directory", path: "/opt/docker" }],
  ["docker-28.5.2.tgz", { kind: "archive", from: "/etc/stress/docker-28.5.2.tgz" }],
  ["https://example.org/docker.tgz", { kind: "archive", from: "https://example.org/docker.tgz" }],
  ["28.5.2", { kind: "version", version: "28.5.2" }],
  ["installed", { kind: "installed" }],
])("the engine %s is %j: paths begin where the file is", (engine, source) => {
  expect(parseProfileFile(`engine: ${engine}`, FILE).engine).toEqual(source);
});

test("pasta forwards ports by itself, whatever the script of the engine would take", () => {
  const profile = parseProfileFile("rootlesskit: { net: pasta }", FILE);
  expect(profile).toMatchObject({ network: "pasta", portDriver: "implicit" });
});

test("a setting that both places agree on stands once", () => {
  const text = "daemon.json: { userland-proxy: false }\nuserland-proxy: false";
  expect(parseProfileFile(text, FILE).daemonJson).toEqual({ "userland-proxy": false });
});

test.each([
  ["- default", ": the file must be a mapping of keys to values"],
  ["title: [", /^\/etc\/stress\/wide-pools\.yaml:1: not YAML: /],
  ["title: a\ntitle: b", /:2: not YAML: Map keys must be unique/],
  [
    "title: a\nmtu: 1500",
    ':2: unknown key "mtu"; known: name, title, engine, daemon.json, rootlesskit, ip-local-port-range, rootful, sysctls, userland-proxy, firewall-backend, storage-driver',
  ],
  [
    "rootlesskit:\n  net: pasta\n  driver: builtin",
    ':3: unknown key "driver" of rootlesskit; known: net, port-driver, mtu, detach-netns',
  ],
  ["name: Wide Pools", ":1: name must be lower-case letters, digits, dots and hyphens"],
  ["\nengine: 28.5", ":2: engine must be a text; put numbers and true/false in quotes"],
  [
    "engine: debian:Sid!",
    ':1: "debian:Sid!" names no release of Debian; say debian:bookworm, debian:trixie or debian:sid',
  ],
  ["daemon.json: 3", ":1: daemon.json must be a mapping, as daemon.json is"],
  ["rootlesskit:\n  mtu: 65522", ":2: rootlesskit.mtu must be a whole number from 576 to 65521"],
  [
    "rootlesskit:\n  net: slirp",
    ":2: rootlesskit.net must be one of slirp4netns, pasta, vpnkit, lxc-user-nic, gvisor-tap-vsock",
  ],
  ["rootlesskit:\n  detach-netns: 1", ":2: rootlesskit.detach-netns must be true or false"],
  ["firewall-backend: iptables-nft", ":1: firewall-backend must be one of iptables, nftables"],
  ["ip-local-port-range: [80, 90]", ":1: ip-local-port-range.0 must be a port from 1024 to 65535"],
  [
    "ip-local-port-range: 20000-29999",
    ":1: ip-local-port-range must be kernel, own, or two ports from 1024 on, such as [20000, 29999]",
  ],
  [
    'sysctls: { net.ipv4.tcp_rmem: "1\\n2" }',
    ":1: sysctls.net.ipv4.tcp_rmem must be a number, or a text of one line",
  ],
  [
    "ip-local-port-range:\n  - 30000\n  - 20000",
    ":1: ip-local-port-range ends (20000) before it begins (30000)",
  ],
  [
    "sysctls:\n  kernel.pid_max: 9",
    ":2: sysctls.kernel.pid_max: only settings that begin with net. are a namespace's",
  ],
  [
    "sysctls:\n  net.ipv4.ip_local_port_range: 1 2",
    ":2: say ip-local-port-range: [FIRST, LAST] for net.ipv4.ip_local_port_range: the daemon has to see it too",
  ],
])("%j is refused with its line and what would be right", (text, right) => {
  const parse = () => parseProfileFile(text, FILE);
  expect(parse).toThrow(expect.objectContaining({ code: "usage" }));
  expect(parse).toThrow(typeof right === "string" ? `${FILE}${right}` : right);
});

test.each([
  [
    "rootful: true\nrootlesskit:\n  mtu: 1500",
    ":2: a rootful engine has no RootlessKit: leave it away",
  ],
  ["rootlesskit:\n  port-driver: implicit", ":2: port-driver: implicit needs net: pasta"],
  [
    "rootlesskit:\n  net: pasta\n  port-driver: slirp4netns",
    ":3: port-driver: slirp4netns needs net: slirp4netns",
  ],
  [
    "rootlesskit:\n  net: pasta\n  port-driver: builtin",
    ":3: net: pasta forwards ports by itself, with port-driver: implicit",
  ],
  [
    "daemon.json:\n  userland-proxy: true\nuserland-proxy: false",
    ":3: userland-proxy is false here and true in daemon.json; keep one of them",
  ],
  [
    "daemon.json:\n  debug: true\n  hosts: [unix:///run/docker.sock]",
    ':3: "hosts" cannot be chosen: every engine that is started here has its own',
  ],
  [
    "daemon.json:\n  default-address-pools:\n    - base: 10.200.0.0/24\n      size: 16",
    ":4: no subnet of /16 can be cut from 10.200.0.0/24",
  ],
  [
    "daemon.json:\n  default-address-pools:\n    - { base: wide, size: 16 }",
    ":3: wide is no prefix",
  ],
  [
    "daemon.json:\n  default-address-pools: wide",
    ":2: default-address-pools must be a list, such as [{ base: 10.200.0.0/14, size: 24 }]",
  ],
])("%j goes together in no engine, and is refused with its line", (text, right) => {
  const parse = () => parseProfileFile(text, FILE);
  expect(parse).toThrow(expect.objectContaining({ code: "usage" }));
  expect(parse).toThrow(`${FILE}${right}`);
});

test("a file whose name is none has to say one", () => {
  const parse = () => parseProfileFile("title: x", "My Profile.yaml");
  expect(parse).toThrow("My Profile.yaml: the file's name is none for a profile; add name:");
});

test("the committed schema is the one that profile files are checked against", async () => {
  const schema = await format(JSON.stringify(profileJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../../docker/managed/profile.schema.json");
});
