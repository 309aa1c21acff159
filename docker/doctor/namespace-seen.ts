/**
 * One network namespace: who has the port, and what the kernel allows there.
 */
import type { Asked, NamespaceSeen, Protocol } from "../../harness/core/doctor/facts.ts";
import type { SocketSeen } from "../../harness/core/evidence.ts";
import type { Surroundings } from "../evidence/engines.ts";
import { holdersOf } from "../evidence/holders.ts";
import { inNamespace, type EngineNamespace } from "../evidence/namespace.ts";
import { networkFiles } from "../evidence/network-files.ts";
import { readTable, type Socket } from "../evidence/sockets.ts";
import { numberIn, rangeIn, sysctls } from "./sysctl.ts";

const PATIENCE_MS = 5000;
const DNS = 53;

const isBound = ({ state }: Socket): boolean => state === "listen" || state === "close";

/**
 * Ports of IPv6 listeners that leave IPv4 alone, in what `ss -Hlne` prints; nobody else tells.
 */
export const sixOnlyIn = (listed: string): readonly number[] =>
  listed.split("\n").flatMap((line) => {
    const local = line.trim().split(/\s+/)[3] ?? "";
    return local.startsWith("[::]:") && / v6only:1\b/.test(line)
      ? [Number(local.slice("[::]:".length))]
      : [];
  });

/** The same as things stand; null where `ss` is missing or the namespace cannot be entered. */
export const sixOnly = async (
  namespace: EngineNamespace,
  protocol: Protocol,
): Promise<readonly number[] | null> => {
  const args = ["-H", "-l", "-n", "-e", protocol === "tcp" ? "-t" : "-u"];
  return inNamespace(namespace, "ss", args, AbortSignal.timeout(PATIENCE_MS)).then(
    sixOnlyIn,
    () => null,
  );
};

const seen = async (
  sockets: readonly Socket[],
  surroundings: Surroundings,
): Promise<readonly SocketSeen[]> => {
  const holders = await holdersOf(sockets, surroundings);
  return sockets.map(({ inode, ...socket }) => ({ ...socket, holder: holders.get(inode) ?? null }));
};

const SYSCTLS = {
  range: "net.ipv4.ip_local_port_range",
  reserved: "net.ipv4.ip_local_reserved_ports",
  unprivileged: "net.ipv4.ip_unprivileged_port_start",
  tracked: "net.netfilter.nf_conntrack_count",
  trackedMax: "net.netfilter.nf_conntrack_max",
  backlog: "net.core.somaxconn",
} as const;

/** `::1` as the kernel lists addresses. */
const LOOPBACK = "00000000000000000000000000000001";

export const namespaceSeen = async (
  namespace: EngineNamespace,
  asked: Asked | null,
  surroundings: Surroundings,
): Promise<NamespaceSeen> => {
  const protocol = asked?.protocol ?? "tcp";
  const [tcp, udp, addresses, six, settings] = await Promise.all([
    readTable(namespace, "tcp"),
    readTable(namespace, "udp"),
    networkFiles(namespace, ["if_inet6"]),
    sixOnly(namespace, protocol),
    sysctls(namespace, Object.values(SYSCTLS)),
  ]);
  const table = protocol === "tcp" ? tcp : udp;
  const onPort = asked === null ? [] : (table?.onPort(asked.port) ?? []);
  const onDns = [tcp, udp].flatMap((each) => each?.onPort(DNS).filter(isBound) ?? []);
  const of = (name: keyof typeof SYSCTLS): string | undefined => settings?.get(SYSCTLS[name]);
  const [tracked, trackedMax] = [numberIn(of("tracked")), numberIn(of("trackedMax"))];
  return {
    sockets: table === null && asked !== null ? null : await seen(onPort, surroundings),
    sixOnly: six,
    resolvers: tcp === null && udp === null ? null : await seen(onDns, surroundings),
    portRange: rangeIn(of("range")),
    reservedPorts: settings === null ? null : (of("reserved") ?? ""),
    unprivilegedStart: numberIn(of("unprivileged")),
    conntrack: tracked === null || trackedMax === null ? null : { count: tracked, max: trackedMax },
    ipv6: addresses === null ? null : (addresses[0] ?? "").includes(LOOPBACK),
    backlog: numberIn(of("backlog")),
  };
};
