/**
 * Reads everything that `stress ports` joins. Changes nothing: GETs of two APIs, files of `/proc`, and programs that
 * list.
 */
import { connect } from "../client/connect.ts";
import type { EngineAddress } from "../client/find-engine.ts";
import type { Bound, PortFacts, PortFilter } from "../../harness/core/port-owners/facts.ts";
import type { Rule } from "../../harness/core/evidence.ts";
import { dockerProxies } from "../evidence/docker-proxies.ts";
import { engineUnder } from "../evidence/engine-under.ts";
import type { Surroundings } from "../evidence/engines.ts";
import { holdersOf } from "../evidence/holders.ts";
import type { EngineNamespace } from "../evidence/namespace.ts";
import { readProcesses } from "../evidence/process-table.ts";
import { rootlesskitForwards, rootlesskitInfo } from "../evidence/rootlesskit.ts";
import { natRulesOfSix } from "../evidence/rules.ts";
import { readTable, type Socket } from "../evidence/sockets.ts";
import { userNames } from "../evidence/users.ts";
import { containersSeen, selfSays } from "./daemon-says.ts";
import { readBackends } from "./firewall-seen.ts";
import { sixOnly } from "./namespace-seen.ts";
import { processesSeen } from "./processes-seen.ts";
import { inContainers } from "./read-facts.ts";

export interface PortQuestion {
  /** Null: all ports. */
  readonly asked: PortFilter | null;
  readonly address: EngineAddress;
  readonly signal: AbortSignal;
}

/** UDP listens by being bound to nobody in particular. */
const isBound = ({ state, remotePort }: Socket): boolean =>
  state === "listen" || (state === "close" && remotePort === 0);

const boundIn = async (
  namespace: EngineNamespace,
  surroundings: Surroundings,
): Promise<readonly Bound[] | null> => {
  const [tcp, udp, tcpSix, udpSix] = await Promise.all([
    readTable(namespace, "tcp"),
    readTable(namespace, "udp"),
    sixOnly(namespace, "tcp"),
    sixOnly(namespace, "udp"),
  ]);
  if (tcp === null && udp === null) return null;
  const sockets = [
    ...(tcp?.listening() ?? []).map((socket) => ({ protocol: "tcp", socket }) as const),
    ...(udp?.all() ?? []).filter(isBound).map((socket) => ({ protocol: "udp", socket }) as const),
  ];
  const holders = await holdersOf(
    sockets.map(({ socket }) => socket),
    surroundings,
  );
  return sockets.map(({ protocol, socket }) => ({
    protocol,
    address: socket.localAddress,
    port: socket.localPort,
    sixOnly: (protocol === "tcp" ? tcpSix : udpSix)?.includes(socket.localPort) ?? null,
    uid: socket.uid,
    holder: holders.get(socket.inode) ?? null,
  }));
};

/** nft names its tables by family. */
const isOfSix = ({ backend, chain }: Rule): boolean =>
  backend === "nft" && chain.startsWith("ip6 ");

const rulesIn = async (namespace: EngineNamespace | null): Promise<PortFacts["rules"]> => {
  if (namespace === null) return { four: [], six: [], unread: ["the engine's namespace"] };
  const [backends, six] = await Promise.all([readBackends(namespace), natRulesOfSix(namespace)]);
  const read = backends.flatMap(({ rules }) => rules ?? []);
  return {
    four: read.filter((rule) => !isOfSix(rule)),
    six: [...read.filter(isOfSix), ...(six ?? [])],
    unread: [
      ...backends.flatMap(({ backend, rules }) => (rules === null ? [backend] : [])),
      ...(six === null ? ["ip6tables"] : []),
    ],
  };
};

/** @throws StressError("environment") when no engine answers, StressError("engine-lost") when it does not tell */
export const readPortFacts = async ({
  asked,
  address,
  signal,
}: PortQuestion): Promise<PortFacts> => {
  const docker = await connect(address, signal);
  const [engine, table, users] = await Promise.all([
    engineUnder(address.target.kind === "socket" ? address.target.path : null),
    readProcesses(),
    userNames(),
  ]);
  const surroundings: Surroundings = { engine, processes: table ?? new Map(), users };
  const { apiSocket, namespace, hostNamespace, daemonPid } = engine;
  const rootlesskit = apiSocket === null ? null : await rootlesskitInfo(apiSocket);
  const self = await selfSays({ docker, rootlesskit, signal });
  const [containers, processes, host, inner, forwards, rules] = await Promise.all([
    containersSeen(docker, signal),
    processesSeen(engine, users),
    boundIn(hostNamespace, surroundings),
    self.rootless && namespace !== null ? boundIn(namespace, surroundings) : null,
    apiSocket === null ? null : rootlesskitForwards(apiSocket),
    rulesIn(daemonPid === null ? null : namespace),
  ]);
  const reader = process.geteuid?.() ?? -1;
  const holders = [...(host ?? []), ...(inner ?? [])].flatMap(({ holder }) => holder?.pid ?? []);
  return {
    asked,
    reader: { uid: reader, user: users.get(reader) ?? null },
    address: address.description,
    version: self.version,
    rootless: self.rootless,
    portDriver: self.portDriver,
    containers,
    processes,
    host,
    inner,
    forwards,
    proxies: table === null ? null : dockerProxies(surroundings),
    rules,
    inContainers: inContainers(holders, containers, surroundings.processes),
  };
};
