/**
 * Who owns a port, joined from what was read. The facts are those of real engines: 20.10.24 and 28.5.2, rootless with
 * RootlessKit's builtin and slirp4netns's port driver and rootful, with the userland proxy and without.
 */
import { expect, test } from "vitest";
import type { PortFacts } from "../../../../harness/core/port-owners/facts.ts";
import { portTable } from "../../../../harness/core/port-owners/join.ts";
import type { PortRow } from "../../../../harness/core/port-owners/port-table.ts";
import {
  bound,
  container,
  DETACHED,
  forward,
  listening,
  OUTPUT,
  OUTPUT_PROXYLESS,
  proxy,
  proxyless,
  redis,
  ROOTFUL,
  rootfulDaemon,
  ROOTLESS,
  rootlessDaemon,
  rootlesskit,
  rules,
  stranger,
} from "./engine-of-a-test.ts";

const rowsOf = (facts: PortFacts): readonly PortRow[] => portTable(facts, "test").ports;

/** The only row. */
const rowOf = (facts: PortFacts): PortRow => {
  const [row, ...others] = rowsOf(facts);
  if (row === undefined || others.length > 0) throw new Error(`${String(others.length + 1)} rows`);
  return row;
};

const stepsOf = ({ path }: PortRow): readonly string[] =>
  path.map((step) => ("traffic" in step ? `${step.by} ${String(step.traffic)}` : step.by));

const PROXY = proxy(5001, "127.0.0.1:8080/tcp", "172.17.0.2");

/** `docker run -p 0.0.0.0:8080:6379` on a rootless engine. */
const PUBLISHED: PortFacts = {
  ...ROOTLESS,
  containers: [container("web", ["172.17.0.2"], "0.0.0.0:8080/tcp")],
  host: [bound("0.0.0.0:8080/tcp", rootlesskit)],
  inner: [listening(PROXY)],
  forwards: [forward(3, "0.0.0.0:8080/tcp", "127.0.0.1:8080/tcp")],
  proxies: [PROXY],
  rules: {
    four: rules(
      OUTPUT,
      "DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:6379",
    ),
    six: [],
    unread: [],
  },
};

test("a rootless port goes through RootlessKit's forward and a docker-proxy; rules have no part in it", () => {
  expect(rowOf(PUBLISHED)).toEqual({
    state: "open",
    protocol: "tcp",
    host: { address: "0.0.0.0", port: 8080 },
    listener: {
      namespace: "host",
      pid: 4001,
      program: "rootlesskit",
      command: "rootlesskit --net=slirp4netns",
      uid: 1000,
      user: "ada",
    },
    path: [
      { by: "rootlesskit", id: 3, driver: "builtin", to: { address: "127.0.0.1", port: 8080 } },
      {
        by: "docker-proxy",
        pid: 5001,
        to: { address: "172.17.0.2", port: 6379 },
        traffic: "all",
      },
    ],
    target: { address: "172.17.0.2", port: 6379 },
    container: { name: "web", id: "web".padEnd(64, "0"), state: "running" },
    note: null,
  });
});

test("slirp4netns brings a port in from outside: a rule takes it, and the docker-proxy gets what is local", () => {
  const beside = proxy(5001, "10.0.2.100:8080/tcp", "172.17.0.2");
  const rowOfFour = rowOf({
    ...PUBLISHED,
    portDriver: "slirp4netns",
    inner: [listening(beside)],
    forwards: [forward(3, "0.0.0.0:8080/tcp", "[::ffff:10.0.2.100]:8080/tcp")],
    proxies: [beside],
    rules: {
      ...PUBLISHED.rules,
      four: rules(
        OUTPUT,
        "DOCKER -d 10.0.2.100/32 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:6379",
      ),
    },
  });
  expect(rowOfFour.state).toBe("open");
  expect(stepsOf(rowOfFour)).toEqual(["rootlesskit", "nat-rule outside", "docker-proxy local"]);
});

test("a port of IPv6 that docker ps shows and slirp4netns does not forward is dead", () => {
  const row = rowOf({
    ...ROOTLESS,
    portDriver: "slirp4netns",
    containers: [container("web", ["172.17.0.2"], "[::]:8080/tcp")],
  });
  expect(row).toMatchObject({ state: "dead", listener: null, path: [] });
  expect(row.note).toContain("slirp4netns, its port driver, forwards IPv4 alone");
});

test("without a userland proxy a rule carries, and dockerd keeps the port", () => {
  const row = rowOf({
    ...proxyless(PUBLISHED),
    inner: [bound("127.0.0.1:8080/tcp", rootlessDaemon)],
    proxies: [],
    rules: {
      ...PUBLISHED.rules,
      four: rules(
        OUTPUT_PROXYLESS,
        "DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:6379",
      ),
    },
  });
  expect(row.state).toBe("open");
  expect(stepsOf(row)).toEqual(["rootlesskit", "nat-rule all", "placeholder"]);
});

test("without a userland proxy the listener on [::1] leads nowhere, and the row says so", () => {
  const row = rowOf({
    ...proxyless(ROOTLESS),
    containers: [container("six", ["172.18.0.2", "fd00:6::2"], "[::]:8080/tcp")],
    host: [bound("[::]:8080/tcp", rootlesskit)],
    inner: [bound("[::1]:8080/tcp", rootlessDaemon)],
    forwards: [forward(4, "[::]:8080/tcp", "[::1]:8080/tcp")],
  });
  expect(row).toMatchObject({
    state: "nowhere",
    target: { address: "fd00:6::2", port: 6379 },
    container: { name: "six" },
  });
  expect(stepsOf(row)).toEqual(["rootlesskit", "placeholder"]);
  expect(row.note).toMatch(/userland proxy off .* \[::1\]: dockerd only keeps the port/);
});

test("a rootful engine without it answers on [::] what comes from outside, and nothing on [::1]", () => {
  const row = rowOf({
    ...proxyless(ROOTFUL),
    containers: [container("six", ["172.18.0.2", "fd00:6::2"], "[::]:8080/tcp")],
    host: [bound("[::]:8080/tcp", rootfulDaemon)],
    rules: {
      four: [],
      six: rules(
        "OUTPUT ! -d ::1/128 -m addrtype --dst-type LOCAL -j DOCKER",
        "DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:6::2]:6379",
      ),
      unread: [],
    },
  });
  expect(row.state).toBe("open");
  expect(stepsOf(row)).toEqual(["nat-rule outside", "placeholder"]);
  expect(row.note).toContain("nothing leads on what comes over [::1]");
});

const ROOTFUL_PROXY = proxy(5001, "0.0.0.0:8080/tcp", "172.17.0.2");

/** `docker run -p 0.0.0.0:8080:6379` on a rootful engine. */
const ROOTFUL_PUBLISHED: PortFacts = {
  ...PUBLISHED,
  ...ROOTFUL,
  containers: PUBLISHED.containers,
  host: [listening(ROOTFUL_PROXY)],
  proxies: [ROOTFUL_PROXY],
  rules: PUBLISHED.rules,
};

test("a rootful port: a rule takes what comes from outside, the docker-proxy that listens what is local", () => {
  const row = rowOf(ROOTFUL_PUBLISHED);
  expect(row).toMatchObject({
    state: "open",
    listener: { program: "docker-proxy", pid: 5001, namespace: "host" },
  });
  expect(stepsOf(row)).toEqual(["nat-rule outside", "docker-proxy local"]);
});

test("a rule alone, on whose port nobody listens, carries all the same", () => {
  const row = rowOf({
    ...proxyless(ROOTFUL_PUBLISHED),
    host: [],
    proxies: [],
    rules: {
      ...PUBLISHED.rules,
      four: [
        ...rules(OUTPUT_PROXYLESS),
        ...PUBLISHED.rules.four.filter(({ chain }) => chain === "DOCKER"),
      ],
    },
  });
  expect(row).toMatchObject({ state: "open", listener: null });
  expect(stepsOf(row)).toEqual(["nat-rule all"]);
});

test("an ordinary user sees by its command line which docker-proxy listens, and what else was not to be read", () => {
  const table = portTable(
    {
      ...ROOTFUL_PUBLISHED,
      reader: { uid: 1000, user: "ada" },
      host: [bound("0.0.0.0:8080/tcp", null)],
      rules: { four: [], six: [], unread: ["iptables-nft", "ip6tables"] },
    },
    "test",
  );
  expect(table.ports).toMatchObject([
    {
      state: "open",
      listener: { pid: 5001, program: "docker-proxy" },
      path: [{ by: "docker-proxy", traffic: null }],
    },
  ]);
  expect(table.unseen).toEqual(["the NAT rules of iptables-nft, ip6tables"]);
  expect(table.hint).toBe("user ada could not read it; run this as root");
});

test("nothing of an engine whose processes are not in sight is called dead or somebody else's", () => {
  const table = portTable(
    {
      ...PUBLISHED,
      processes: null,
      host: [bound("0.0.0.0:8080/tcp", stranger)],
      inner: null,
      forwards: null,
      proxies: [],
      rules: { four: [], six: [], unread: [] },
    },
    "test",
  );
  expect(table.ports).toMatchObject([{ state: "unseen", container: { name: "web" } }]);
  expect(table.unseen).toHaveLength(1);
});

test.each<[string, Partial<PortFacts>, PortRow["state"], RegExp]>([
  ["whose forward is gone", { host: [], forwards: [] }, "dead", /RootlessKit has no forward/],
  [
    "whose listener takes IPv6 alone",
    { host: [bound("[::]:8080/tcp", rootlesskit)] },
    "dead",
    /lists forward 3, and nobody listens/,
  ],
  ["whose forward nobody serves", { host: [] }, "dead", /lists forward 3, and nobody listens/],
  [
    "whose docker-proxy is gone",
    { inner: [], proxies: [] },
    "nowhere",
    /forwards to 127\.0\.0\.1:8080, where nobody listens/,
  ],
  [
    "whose docker-proxy leads elsewhere",
    { proxies: [proxy(5001, "127.0.0.1:8080/tcp", "172.17.0.9")] },
    "nowhere",
    /^what arrives is led to 172\.17\.0\.9:6379, where container web does not have the port$/,
  ],
  [
    "which somebody else has on the host",
    { host: [bound("0.0.0.0:8080/tcp", stranger)], forwards: [] },
    "foreign",
    /container web publishes it, and who listens on the host is not of this engine/,
  ],
  ["whose sockets cannot be read", { inner: null, proxies: [] }, "unseen", /could not be seen/],
  ["whose forwards cannot be read", { forwards: null }, "unseen", /could not be seen/],
])("a published port %s is %s", (_, change, state, note) => {
  const row = rowsOf({ ...PUBLISHED, ...change }).find(
    ({ container: owner }) => owner?.name === "web",
  );
  expect(row?.state).toBe(state);
  expect(row?.note).toMatch(note);
});

test("an orphan rule before the container's own leads astray what comes from outside", () => {
  const before =
    "DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80";
  const own =
    "DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:6379";
  const withRules = (...lines: readonly string[]): readonly PortRow[] =>
    rowsOf({ ...ROOTFUL_PUBLISHED, rules: { four: rules(OUTPUT, ...lines), six: [], unread: [] } });
  const [row, ...others] = withRules(before, own);
  expect(others).toEqual([]);
  expect(row?.state).toBe("nowhere");
  expect(row?.note).toMatch(/^what comes from outside is led to 172\.17\.0\.99:80, where/);
  // Behind it, it is never met.
  expect(withRules(own, before).map(({ state }) => state)).toEqual(["open", "orphan"]);
});

test("an old docker-proxy's listener on all of both families has the port of IPv4", () => {
  const both = { ...listening(proxy(5001, "[::]:8080/tcp", "172.17.0.2")), sixOnly: false };
  expect(rowOf({ ...ROOTFUL_PUBLISHED, host: [both] })).toMatchObject({
    state: "open",
    listener: { pid: 5001 },
  });
});

test("a container that does not run holds no port", () => {
  const idle = { ...container("idle", [], "0.0.0.0:8080/tcp"), state: "exited" };
  expect(rowsOf({ ...ROOTLESS, containers: [idle] })).toEqual([]);
});

test("what a container in the host's network listens on is its own, and in the engine's namespace if that is rootless", () => {
  const host = { ...container("cache", []), pid: 4711, hostNetwork: true };
  const inContainers = [{ pid: 4711, container: "cache" }];
  const sockets = [bound("0.0.0.0:6379/tcp", redis), bound("0.0.0.0:22/tcp", stranger)];
  const own = rowOf({ ...ROOTLESS, containers: [host], inner: sockets, inContainers });
  expect(own).toMatchObject({
    state: "own",
    listener: { namespace: "engine", pid: 4711, program: "redis-server" },
    container: { name: "cache" },
    note: "in the engine's own namespace: the host does not reach it",
  });
  const rootful = rowOf({ ...ROOTFUL, containers: [host], host: sockets, inContainers });
  expect(rootful).toMatchObject({ state: "own", listener: { namespace: "host" }, note: null });
});

test("with a detached namespace a container in the host's network listens on the machine itself", () => {
  const host = { ...container("cache", []), pid: 4711, hostNetwork: true };
  const detached = rowOf({
    ...DETACHED,
    containers: [host],
    host: [bound("0.0.0.0:6379/tcp", redis), bound("0.0.0.0:22/tcp", stranger)],
    inContainers: [{ pid: 4711, container: "cache" }],
  });
  expect(detached).toMatchObject({
    state: "own",
    host: { address: "0.0.0.0", port: 6379 },
    listener: { namespace: "host", pid: 4711 },
    container: { name: "cache" },
    note: null,
  });
});

test("pasta forwards of itself what a container in the host's network listens on", () => {
  const host = { ...container("cache", []), pid: 4711, hostNetwork: true };
  const row = rowOf({
    ...ROOTLESS,
    portDriver: "implicit",
    forwards: null,
    containers: [host],
    host: [bound("0.0.0.0:6379/tcp", rootlesskit)],
    inner: [bound("0.0.0.0:6379/tcp", redis)],
    inContainers: [{ pid: 4711, container: "cache" }],
  });
  expect(row.note).toContain("pasta forwards it to the host");
});

test("a listener that may be a container's and that nobody may look into is said to be unseen", () => {
  const host = { ...container("cache", []), hostNetwork: true };
  for (const facts of [ROOTFUL, DETACHED]) {
    const { unseen } = portTable(
      { ...facts, containers: [host], host: [bound("0.0.0.0:6379/tcp", null)] },
      "test",
    );
    expect(unseen).toEqual([
      "who has 1 listener where containers in the host's network have theirs",
    ]);
  }
});

test("a forward and its docker-proxy whose container is gone are one orphan", () => {
  const row = rowOf({ ...PUBLISHED, containers: [], rules: ROOTLESS.rules });
  expect(row).toMatchObject({
    state: "orphan",
    listener: { program: "rootlesskit" },
    target: { address: "172.17.0.2", port: 6379 },
    container: null,
  });
  expect(stepsOf(row)).toEqual(["rootlesskit", "docker-proxy all"]);
});

test("a docker-proxy and its rule whose container is gone are one orphan", () => {
  const row = rowOf({ ...ROOTFUL_PUBLISHED, containers: [] });
  expect(row).toMatchObject({ state: "orphan", listener: { program: "docker-proxy" } });
  expect(stepsOf(row)).toEqual(["nat-rule outside", "docker-proxy local"]);
});

test("a rule alone whose container is gone is an orphan on which nobody listens", () => {
  expect(rowOf({ ...ROOTLESS, rules: PUBLISHED.rules })).toMatchObject({
    state: "orphan",
    host: { address: "0.0.0.0", port: 8080 },
    listener: null,
    note: "a rule that leads to 172.17.0.2:6379, where no container has the port",
  });
});

test("a docker-proxy whose container is there is no orphan, though the forward to it is gone", () => {
  expect(rowOf({ ...PUBLISHED, host: [], forwards: [] }).state).toBe("dead");
});

test("a forward without an address inside is RootlessKit's own", () => {
  const row = rowOf({
    ...ROOTLESS,
    forwards: [{ ...forward(1, "127.0.0.1:2375/tcp", "127.0.0.1:2375/tcp"), childIp: null }],
  });
  expect(row).toMatchObject({ state: "own", container: null });
  expect(row.note).toContain("RootlessKit was started with it");
});

test("rows are in the order of ports, then protocol, family and address", () => {
  const places = [
    "[::]:90/tcp",
    "0.0.0.0:90/udp",
    "127.0.0.1:90/tcp",
    "0.0.0.0:80/tcp",
    "0.0.0.0:90/tcp",
  ];
  const rows = rowsOf({ ...ROOTLESS, containers: [container("web", [], ...places)] });
  expect(
    rows.map(({ host, protocol }) => `${host.address} ${String(host.port)} ${protocol}`),
  ).toEqual([
    "0.0.0.0 80 tcp",
    "0.0.0.0 90 tcp",
    "127.0.0.1 90 tcp",
    ":: 90 tcp",
    "0.0.0.0 90 udp",
  ]);
});

test.each([
  [{ port: 8080, address: null, protocol: null }, 3],
  [{ port: 8080, address: null, protocol: "tcp" as const }, 2],
  [{ port: 8080, address: "127.0.0.1", protocol: "tcp" as const }, 1],
  [{ port: 8080, address: "::1", protocol: null }, 1],
  [{ port: 8081, address: null, protocol: null }, 0],
])("%j asks for %i of three rows", (asked, amount) => {
  const containers = [
    container("web", ["172.17.0.2"], "0.0.0.0:8080/tcp", "[::]:8080/tcp", "0.0.0.0:8080/udp"),
  ];
  expect(rowsOf({ ...ROOTLESS, asked, containers })).toHaveLength(amount);
});

test("a port that several sockets share is one row", () => {
  const host = { ...container("cache", []), pid: 4711, hostNetwork: true };
  const inContainers = [{ pid: 4711, container: "cache" }];
  const inner = [bound("0.0.0.0:6379/tcp", redis), bound("0.0.0.0:6379/tcp", redis)];
  expect(rowsOf({ ...ROOTLESS, containers: [host], inner, inContainers })).toHaveLength(1);
});

test("the engine's own listener for its API is not somebody else's", () => {
  const asked = { port: 2375, address: null, protocol: null };
  const host = [bound("127.0.0.1:2375/tcp", rootfulDaemon)];
  expect(rowOf({ ...ROOTFUL, asked, host })).toMatchObject({ state: "own", container: null });
});

test("who else has the port that was asked for is told, and of no other port", () => {
  const host = [bound("0.0.0.0:8080/tcp", stranger), bound("0.0.0.0:22/tcp", stranger)];
  expect(rowsOf({ ...ROOTLESS, host })).toEqual([]);
  const asked = { port: 8080, address: null, protocol: null };
  expect(rowOf({ ...ROOTLESS, host, asked })).toMatchObject({
    state: "foreign",
    listener: { program: "nginx" },
    container: null,
  });
});
