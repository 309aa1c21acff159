/**
 * Engines as `stress ports` reads them, in the shapes that real ones were seen in.
 */
import type { Forward, Holder, Rule } from "../../../../harness/core/evidence.ts";
import type {
  Bound,
  DockerProxy,
  PortContainer,
  PortFacts,
} from "../../../../harness/core/port-owners/facts.ts";
import { QUIET_FACTS } from "../doctor/quiet-facts.ts";

const { processes: PROCESSES } = QUIET_FACTS;
if (PROCESSES === null) throw new Error("the quiet facts have no engine");

/** An idle rootless engine, all of which can be seen. */
export const ROOTLESS: PortFacts = {
  asked: null,
  reader: { uid: 0, user: "root" },
  address: "unix:///run/user/1000/docker.sock (rootless)",
  version: "28.5.2",
  rootless: true,
  portDriver: "builtin",
  containers: [],
  processes: PROCESSES,
  host: [],
  inner: [],
  forwards: [],
  proxies: [],
  rules: { four: [], six: [], unread: [] },
  inContainers: [],
};

/** The same as Engine 29.5 and later start by default: its network namespace is not dockerd's own. */
export const DETACHED: PortFacts = {
  ...ROOTLESS,
  version: "29.6.0",
  processes: { ...PROCESSES, hostNetwork: "host" },
};

const ROOTFUL_DAEMON = 900;

/** The same with root's engine. */
export const ROOTFUL: PortFacts = {
  ...ROOTLESS,
  address: "unix:///var/run/docker.sock (default socket)",
  rootless: false,
  portDriver: null,
  processes: {
    ...PROCESSES,
    rootless: false,
    rootlesskit: null,
    daemon: ROOTFUL_DAEMON,
    uid: 0,
    user: "root",
    api: null,
    hostNetwork: "host",
  },
  inner: null,
  forwards: null,
};

/** With its userland proxy turned off. */
export const proxyless = (facts: PortFacts): PortFacts => ({
  ...facts,
  processes: facts.processes && {
    ...facts.processes,
    config: { iptables: null, userlandProxy: false },
  },
});

const held = (pid: number, command: string, part: Holder["part"]): Holder => ({
  ...{ pid, command, part },
  uid: 1000,
  user: "ada",
});

export const rootlesskit = held(
  PROCESSES.rootlesskit ?? 0,
  "rootlesskit --net=slirp4netns",
  "this-engine",
);
export const rootlessDaemon = held(PROCESSES.daemon, "/usr/bin/dockerd", "this-engine");
export const rootfulDaemon = held(ROOTFUL_DAEMON, "/usr/bin/dockerd", "this-engine");
export const redis = held(4711, "redis-server *:6379", "this-engine");
export const stranger = held(33, "/usr/sbin/nginx -g daemon off;", "none");

/** `[::]:8080/tcp` and whoever has it. */
export const bound = (place: string, holder: Holder | null): Bound => {
  const [, six, four, port, protocol] =
    /^(?:\[(.+)\]|([\d.]+)):(\d+)\/(tcp|udp)$/.exec(place) ?? [];
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    address: six ?? four ?? "",
    port: Number(port),
    // As engines listen.
    sixOnly: true,
    uid: holder?.uid ?? 0,
    holder,
  };
};

/** A container that runs and has port 6379, published as `docker ps` says: `0.0.0.0:8080/tcp`. */
export const container = (
  name: string,
  addresses: readonly string[],
  ...published: readonly string[]
): PortContainer => ({
  id: name.padEnd(64, "0"),
  name,
  state: "running",
  pid: null,
  hostNetwork: false,
  addresses,
  ports: published.map((place) => {
    const { protocol, address, port } = bound(place, null);
    return { protocol, hostIp: address, hostPort: port, containerPort: 6379 };
  }),
});

export const forward = (id: number, parent: string, child: string): Forward => {
  const [from, to] = [bound(parent, null), bound(child, null)];
  return {
    id,
    protocol: `${from.protocol}${from.address.includes(":") ? "6" : "4"}`,
    parentIp: from.address,
    parentPort: from.port,
    childIp: to.address,
    childPort: to.port,
  };
};

/** A docker-proxy that listens at a place and leads to port 6379 of an address. */
export const proxy = (pid: number, place: string, containerIp: string): DockerProxy => {
  const { protocol, address, port } = bound(place, null);
  return {
    ...{ pid, protocol, containerIp },
    uid: 1000,
    user: "ada",
    command: `/usr/bin/docker-proxy -proto ${protocol} -host-ip ${address} -host-port ${String(port)}`,
    hostIp: address,
    hostPort: port,
    containerPort: 6379,
  };
};

/** Its socket. */
export const listening = ({ pid, protocol, hostIp, hostPort, command }: DockerProxy): Bound => ({
  protocol: protocol === "udp" ? "udp" : "tcp",
  address: hostIp,
  port: hostPort,
  sixOnly: true,
  uid: 1000,
  holder: held(pid, command, "this-engine"),
});

/** Rules of iptables, each `CHAIN words…`, numbered within its chain. */
export const rules = (...lines: readonly string[]): readonly Rule[] =>
  lines.map((text, index) => {
    const [chain = ""] = text.split(" ");
    const before = lines.slice(0, index).filter((each) => each.startsWith(`${chain} `)).length;
    return { backend: "iptables-nft", chain, line: before + 1, rule: `-A ${text}` };
  });

/** Loopback is left to the userland proxy. */
export const OUTPUT = "OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER";
/** There is none. */
export const OUTPUT_PROXYLESS = "OUTPUT -m addrtype --dst-type LOCAL -j DOCKER";
