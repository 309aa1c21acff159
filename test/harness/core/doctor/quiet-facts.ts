import type { DoctorFacts, NamespaceSeen } from "../../../../harness/core/doctor/facts.ts";

/** A namespace in which nobody has anything. */
export const QUIET_NAMESPACE: NamespaceSeen = {
  sockets: [],
  sixOnly: [],
  resolvers: [],
  portRange: [32_768, 60_999],
  reservedPorts: "",
  unprivilegedStart: 1024,
  conntrack: { count: 10, max: 262_144 },
  ipv6: true,
  backlog: 4096,
};

/** An idle rootless engine on a machine that is fit for it: no check has anything to say against it. */
export const QUIET_FACTS: DoctorFacts = {
  asked: null,
  n: 16,
  reader: { uid: 1000, user: "ada" },
  address: "unix:///run/user/1000/docker.sock (rootless)",
  host: "unix:///run/user/1000/docker.sock",
  daemon: {
    version: "28.5.2",
    apiVersion: "1.51",
    rootless: true,
    networkDriver: "slirp4netns",
    portDriver: "builtin",
    cgroupDriver: "systemd",
    cgroupVersion: "2",
    liveRestore: false,
    pools: null,
    firewallDriver: "iptables",
    containers: [],
    networks: [
      { name: "bridge", driver: "bridge", subnets: ["172.17.0.0/16"] },
      { name: "host", driver: "host", subnets: [] },
    ],
    leftovers: [],
  },
  silence: null,
  attachments: { networks: [], containers: [] },
  processes: {
    rootless: true,
    rootlesskit: 4001,
    daemon: 4010,
    uid: 1000,
    user: "ada",
    api: "/run/user/1000/dockerd-rootless/api.sock",
    hostNetwork: "engine",
    enter: ["nsenter", "--target", "4005", "--net", "--user", "--preserve-credentials"],
    bindsPrivileged: true,
    binder: "/usr/bin/rootlesskit",
    config: { iptables: null, userlandProxy: null },
    files: [
      { who: "dockerd (pid 4010)", limit: 1_048_576, used: 30 },
      { who: "RootlessKit (pid 4001)", limit: 1_048_576, used: 12 },
    ],
  },
  outer: QUIET_NAMESPACE,
  inner: { ...QUIET_NAMESPACE, portRange: [15_360, 17_407] },
  forwards: [],
  firewall: {
    backends: [
      { backend: "iptables-legacy", rules: [] },
      {
        backend: "iptables-nft",
        rules: [
          {
            backend: "iptables-nft",
            chain: "PREROUTING",
            line: 1,
            rule: "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
          },
          {
            backend: "iptables-nft",
            chain: "POSTROUTING",
            line: 1,
            rule: "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
          },
        ],
      },
      { backend: "nft", rules: [] },
    ],
    uses: "iptables-nft",
    reserved: ["10.0.2.0/24", "172.17.0.0/16"],
    bridges: [],
  },
  otherEngines: [],
  machine: {
    subordinate: [
      { file: "/etc/subuid", count: 65_536, nextFree: 165_536 },
      { file: "/etc/subgid", count: 65_536, nextFree: 165_536 },
    ],
    helpers: [
      { name: "newuidmap", path: "/usr/bin/newuidmap", privileged: true },
      { name: "newgidmap", path: "/usr/bin/newgidmap", privileged: true },
    ],
    cgroup: { version: 2, controllers: ["cpu", "io", "memory", "pids"] },
    localhost: ["127.0.0.1", "::1"],
    inotifyInstances: 128,
    keys: { used: 0, max: 200 },
    dockerUnits: { system: true, user: true },
  },
  inContainers: [],
  probePorts: [10_240, 13_311],
};

/** The port of most questions. */
export const ASKED = { port: 8080, protocol: "tcp", address: null } as const;
