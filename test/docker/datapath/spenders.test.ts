import { expect, test } from "vitest";
import type { TimesRead } from "../../../docker/datapath/processor-times.ts";
import { spentBetween, type Parties } from "../../../docker/datapath/spenders.ts";
import type { ProcessSeen } from "../../../docker/evidence/process-table.ts";

const seen = (pid: number, parent: number, command: string, name = ""): ProcessSeen => ({
  pid,
  parent,
  uid: 0,
  words: command === "" ? [] : command.split(" "),
  name,
});

/** A rootless engine of 20.10 with a server in a container, published through both proxies. */
const ROOTLESS = [
  seen(1, 0, "/sbin/init"),
  seen(10, 2, "", "ksoftirqd/0"),
  seen(11, 2, "", "kworker/0:1"),
  seen(100, 1, "rootlesskit --net=slirp4netns --port-driver=builtin dockerd-rootless.sh"),
  seen(110, 100, "/proc/self/exe --net=slirp4netns --port-driver=builtin dockerd-rootless.sh"),
  seen(111, 100, "slirp4netns --mtu 65520 -r 3 110 tap0"),
  seen(120, 110, "dockerd --config-file /srv/daemon.json"),
  seen(121, 120, "containerd --config /run/containerd.toml"),
  seen(130, 120, "rootlesskit-docker-proxy -proto tcp -host-port 15360 -container-port 5201"),
  seen(131, 130, "docker-proxy -proto tcp -host-port 15360 -container-port 5201"),
  seen(140, 110, "containerd-shim-runc-v2 -namespace moby -id c1"),
  seen(150, 140, "iperf3 --server --port 5201"),
  seen(160, 110, "containerd-shim-runc-v2 -namespace moby -id c2"),
  seen(161, 160, "redis-server *:6379"),
  seen(200, 1, "node main.js"),
  seen(210, 200, "iperf3 --client 127.0.0.1 --port 15360"),
];

const PARTIES: Parties = {
  engine: { daemonPid: 120, rootlesskitPid: 100, rootlesskitChildPid: 110 },
  server: { pid: 150, spender: "iperf3-server" },
  client: { pid: 210, spender: "iperf3-client" },
};

const times = (processes: readonly ProcessSeen[], of: (pid: number) => number): TimesRead => ({
  at: 0,
  machine: { busyMs: of(0), softirqMs: of(0), idleMs: 0, stealMs: 0, cores: 2 },
  processes: new Map(processes.map(({ pid }) => [pid, of(pid)])),
});

const spent = (processes: readonly ProcessSeen[], parties: Parties) =>
  spentBetween(
    times(processes, () => 1000),
    // Each has spent its own pid.
    times(processes, (pid) => 1000 + (pid === 0 ? 7 : pid)),
    new Map(processes.map((process) => [process.pid, process])),
    parties,
  );

test("in a rootless engine everybody's part is told, both proxies' and both halves of RootlessKit's", () => {
  expect(spent(ROOTLESS, PARTIES)).toEqual({
    "docker-proxy": 130 + 131,
    rootlesskit: 100 + 110,
    slirp4netns: 111,
    pasta: 0,
    // Shims are the engine's; what runs below those of others is not.
    dockerd: 120 + 121 + 140 + 160,
    "iperf3-server": 150,
    "iperf3-client": 210,
    "redis-server": 0,
    "redis-client": 0,
    // Its threads' time is in the machine's figure.
    softirq: 7,
    other: 1 + 11 + 161 + 200,
  });
});

test("pasta, which leaves its parent, is known by the namespace that it was told of", () => {
  const pasta = [
    ...ROOTLESS,
    seen(300, 1, "pasta --config-net --netns /proc/110/ns/net"),
    seen(301, 1, "pasta --config-net --netns /proc/1101/ns/net"),
  ];
  expect(spent(pasta, PARTIES)).toMatchObject({ pasta: 300, other: 1 + 11 + 161 + 200 + 301 });
});

test("a shim that has left a rootful engine's tree is its part all the same", () => {
  const rootful = [
    seen(1, 0, "/sbin/init"),
    seen(120, 1, "/usr/bin/dockerd -H fd://"),
    seen(131, 120, "/usr/bin/docker-proxy -proto tcp -host-port 8080"),
    seen(140, 1, "/usr/bin/containerd-shim-runc-v2 -namespace moby -id c1"),
    seen(150, 140, "iperf3 --server"),
    seen(160, 1, "/usr/bin/containerd-shim-runc-v2 -namespace moby -id c2"),
    seen(210, 1, "iperf3 --client 127.0.0.1"),
  ];
  const engine = { daemonPid: 120, rootlesskitPid: null, rootlesskitChildPid: null };
  expect(spent(rootful, { ...PARTIES, engine })).toMatchObject({
    "docker-proxy": 131,
    dockerd: 120 + 140,
    "iperf3-server": 150,
    "iperf3-client": 210,
    other: 1 + 160,
  });
});

test("who began in between has spent all of it, and who has ended nothing", () => {
  const before = { ...times([], () => 0), processes: new Map([[400, 90]]) };
  const after = { ...times([], () => 0), processes: new Map([[150, 40]]) };
  const processes = new Map(ROOTLESS.map((process) => [process.pid, process]));
  expect(spentBetween(before, after, processes, PARTIES)).toMatchObject({
    "iperf3-server": 40,
    other: 0,
  });
});
