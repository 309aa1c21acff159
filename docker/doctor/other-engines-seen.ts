import { statSync } from "node:fs";
import { join } from "node:path";
import type { OtherEngineSeen } from "../../harness/core/doctor/facts.ts";
import { isDaemon, namespaceUnder, rootlesskitOver } from "../evidence/engine-under.ts";
import { otherEnginesIn, type Surroundings } from "../evidence/engines.ts";
import type { EngineNamespace } from "../evidence/namespace.ts";
import type { ProcessSeen } from "../evidence/process-table.ts";
import { environmentOf } from "./processes-seen.ts";
import { rangeIn, sysctls } from "./sysctl.ts";

type Processes = ReadonlyMap<number, ProcessSeen>;

const RANGE = "net.ipv4.ip_local_port_range";

/** The network namespace where an engine's dynamic ports are chosen; null if it cannot be seen. */
const namespaceOf = (
  { pid, rootless }: Pick<OtherEngineSeen, "pid" | "rootless">,
  processes: Processes,
): EngineNamespace | null => {
  if (!rootless) return { kind: "pid", pid };
  const rootlesskit = processes.get(pid);
  return rootlesskit === undefined ? null : namespaceUnder(rootlesskit, processes);
};

/** The dockerd of an engine; null for one of another make, such as Podman's. */
const daemonOf = (
  { pid, rootless }: Pick<OtherEngineSeen, "pid" | "rootless">,
  processes: Processes,
): ProcessSeen | null => {
  if (!rootless) return processes.get(pid) ?? null;
  const daemons = [...processes.values()].filter(isDaemon);
  return daemons.find((each) => rootlesskitOver(each, processes)?.pid === pid) ?? null;
};

const UNIX = /^(?:(?:-H|--host)=?)?unix:\/\/(\/.+)$/;

/** Where a daemon listens that was not told: in its user's runtime directory, if it is rootless. */
const usualSocket = async (
  daemon: ProcessSeen,
  rootless: boolean,
  uid: number,
): Promise<string> => {
  if (!rootless) return "/var/run/docker.sock";
  const directory = (await environmentOf(daemon.pid))?.get("XDG_RUNTIME_DIR");
  return join(directory ?? `/run/user/${String(uid)}`, "docker.sock");
};

const isSocket = (path: string): boolean => {
  try {
    return statSync(path).isSocket();
  } catch {
    // Not there, or in a directory that is not ours to look into.
    return false;
  }
};

/** As `--host` takes it; null where no socket is where the daemon was told, or is used, to have it. */
const hostOf = async (
  other: Pick<OtherEngineSeen, "pid" | "uid" | "rootless">,
  processes: Processes,
): Promise<string | null> => {
  const daemon = daemonOf(other, processes);
  if (daemon === null) return null;
  const told = daemon.words.flatMap((word) => UNIX.exec(word)?.[1] ?? []);
  const paths = told.length > 0 ? told : [await usualSocket(daemon, other.rootless, other.uid)];
  const path = paths.find(isSocket);
  return path === undefined ? null : `unix://${path}`;
};

/** The other engines on this machine, from where each takes its dynamic ports, and how it is reached. */
export const otherEnginesSeen = (surroundings: Surroundings): Promise<readonly OtherEngineSeen[]> =>
  Promise.all(
    otherEnginesIn(surroundings).map(async (other) => {
      const namespace = namespaceOf(other, surroundings.processes);
      const settings = namespace === null ? null : await sysctls(namespace, [RANGE]);
      const host = await hostOf(other, surroundings.processes);
      return { ...other, portRange: rangeIn(settings?.get(RANGE)), host };
    }),
  );
