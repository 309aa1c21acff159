/**
 * What really carries the traffic of a way in: read from the machine, not from what is supposed to be.
 */
import type { Carriers, Reach } from "../../harness/core/datapath/measurements.ts";
import type { SocketSeen } from "../../harness/core/evidence.ts";
import { flagIn } from "../evidence/command-flags.ts";
import type { Surroundings } from "../evidence/engines.ts";
import type { EngineUnder } from "../evidence/engine-under.ts";
import { holdersOf } from "../evidence/holders.ts";
import type { EngineNamespace } from "../evidence/namespace.ts";
import {
  ancestorsOf,
  programOf,
  readProcesses,
  type ProcessSeen,
} from "../evidence/process-table.ts";
import { rootlesskitForwards, rootlesskitInfo } from "../evidence/rootlesskit.ts";
import { natRules, natRulesOfSix, rulesForPort } from "../evidence/rules.ts";
import { readSockets } from "../evidence/sockets.ts";
import { userNames } from "../evidence/users.ts";
import type { Path } from "./target.ts";

type Processes = ReadonlyMap<number, ProcessSeen>;

/** Who listens on a port of a namespace; null where that cannot be seen. */
const listenersOn = async (
  namespace: EngineNamespace | null,
  port: number,
  surroundings: Surroundings,
): Promise<readonly SocketSeen[] | null> => {
  const table = namespace === null ? null : await readSockets(namespace);
  if (table === null) return null;
  const sockets = table.onPort(port).filter(({ state }) => state === "listen");
  const holders = await holdersOf(sockets, surroundings);
  return sockets.map(({ inode, ...socket }) => ({
    ...socket,
    holder: holders.get(inode) ?? null,
  }));
};

/** The user-land proxies among these processes that were told of the port. Pure. */
export const proxiesOf = (
  port: number,
  processes: Processes,
  { rootlesskitPid, daemonPid }: Pick<EngineUnder, "rootlesskitPid" | "daemonPid">,
): Carriers["proxies"] => {
  const head = rootlesskitPid ?? daemonPid;
  return [...processes.values()].flatMap((process) => {
    const { pid, words } = process;
    const program = programOf(process);
    const isOurs = ancestorsOf(process, processes).some((ancestor) => ancestor.pid === head);
    if (!isOurs || !/^(?:rootlesskit-)?docker-proxy$/.test(program)) return [];
    if (flagIn(words, "-proto") !== "tcp" || Number(flagIn(words, "-host-port")) !== port)
      return [];
    return [
      {
        pid,
        program,
        hostIp: flagIn(words, "-host-ip") ?? "",
        hostPort: port,
        containerIp: flagIn(words, "-container-ip") ?? "",
        containerPort: Number(flagIn(words, "-container-port")),
      },
    ];
  });
};

const rootlesskitOf = async (
  apiSocket: string | null,
  port: number,
): Promise<Carriers["rootlesskit"]> => {
  const info = apiSocket === null ? null : await rootlesskitInfo(apiSocket);
  if (apiSocket === null || info === null) return null;
  const forwards = await rootlesskitForwards(apiSocket);
  return {
    ...info,
    forwards: forwards?.filter(({ parentPort }) => parentPort === port) ?? null,
  };
};

const isHost = (namespace: EngineNamespace | null, engine: EngineUnder): boolean =>
  namespace === null ||
  namespace.kind === "host" ||
  (namespace.kind === "pid" &&
    engine.hostNamespace.kind === "pid" &&
    namespace.pid === engine.hostNamespace.pid);

/** Those of both families that redirect the port; null where they cannot be read. */
const redirectsOf = async (
  namespace: EngineNamespace | null,
  port: number,
): Promise<Carriers["rules"]> => {
  if (namespace === null) return null;
  const [four, six] = await Promise.all([natRules(namespace), natRulesOfSix(namespace)]);
  return four === null ? null : rulesForPort([...four, ...(six ?? [])], port);
};

/** @param reach - what came of connecting from where the client is */
export const carriersOf = async (
  { engine, target }: Path,
  reach: { readonly 4: Reach; readonly 6: Reach },
): Promise<Carriers> => {
  const { port, containerPort, serverPid } = target;
  const processes = (await readProcesses()) ?? new Map<number, ProcessSeen>();
  const surroundings: Surroundings = { engine, processes, users: await userNames() };
  const inside = isHost(engine.namespace, engine) ? null : engine.namespace;
  const [onHost, inEngine, inContainer, rules, rootlesskit] = await Promise.all([
    listenersOn(engine.hostNamespace, port, surroundings),
    listenersOn(inside, port, surroundings),
    containerPort === null
      ? null
      : listenersOn({ kind: "pid", pid: serverPid }, containerPort, surroundings),
    redirectsOf(engine.namespace, port),
    rootlesskitOf(engine.apiSocket, port),
  ]);
  return {
    kind: "carriers",
    port,
    onHost,
    inEngine,
    inContainer,
    proxies: proxiesOf(port, processes, engine),
    rules,
    rootlesskit,
    reach: { "4": reach[4], "6": reach[6] },
  };
};
