/**
 * The engines on this machine, and whose process is whose.
 */
import type { Holder, OtherEngine } from "../../harness/core/evidence.ts";
import { userNamespaceOf } from "../managed/processes.ts";
import {
  isDaemon,
  isRootlesskit,
  networkNamespaceOf,
  rootlesskitChildOf,
  rootlesskitOver,
  separateUserNamespaceOf,
  type EngineUnder,
} from "./engine-under.ts";
import {
  ancestorsOf,
  commandOf,
  programOf,
  readProcesses,
  type ProcessSeen,
} from "./process-table.ts";
import { userNames } from "./users.ts";

type Processes = ReadonlyMap<number, ProcessSeen>;

const hasPid = (engine: EngineUnder, pid: number): boolean =>
  [engine.daemonPid, engine.rootlesskitPid, engine.rootlesskitChildPid].includes(pid);

/** RootlessKits, and rootful daemons, that bind ports where the engine under test does. */
const otherHeads = (engine: EngineUnder, processes: Processes): readonly ProcessSeen[] => {
  const { hostNamespace } = engine;
  const ours = networkNamespaceOf(hostNamespace.kind === "pid" ? hostNamespace.pid : "self");
  return [...processes.values()].filter((process) => {
    const isHead =
      isRootlesskit(process) || (isDaemon(process) && rootlesskitOver(process, processes) === null);
    if (!isHead || hasPid(engine, process.pid)) return false;
    // A daemon in a container of its own binds elsewhere, and one orphaned by its RootlessKit nowhere.
    const theirs = networkNamespaceOf(process.pid);
    return theirs === null || theirs === ours;
  });
};

/** What is known of this machine at one moment. */
export interface Surroundings {
  readonly engine: EngineUnder;
  readonly processes: Processes;
  /** Names by uid. */
  readonly users: ReadonlyMap<number, string>;
}

/** The engines among these processes that bind ports where the one under test does, except for that one. */
export const otherEnginesIn = ({
  engine,
  processes,
  users,
}: Surroundings): readonly OtherEngine[] =>
  otherHeads(engine, processes).map((process) => ({
    pid: process.pid,
    uid: process.uid,
    user: users.get(process.uid) ?? null,
    rootless: isRootlesskit(process),
    command: commandOf(process),
  }));

/** The same as things stand now; null where processes cannot be seen. */
export const otherEngines = async (engine: EngineUnder): Promise<readonly OtherEngine[] | null> => {
  const [processes, users] = await Promise.all([readProcesses(), userNames()]);
  return processes === null ? null : otherEnginesIn({ engine, processes, users });
};

/** Programs of rootful engines, which lose their parents: containerd is a service of its own. */
const ROOTFUL = /^(?:docker-proxy|containerd|containerd-shim(?:-\w+)*)$/;
/** Programs that hold ports for rootless engines, Podman's too. */
const ROOTLESS =
  /^(?:rootlesskit-docker-proxy|rootlessport|slirp4netns|pasta(?:\.avx2)?|vpnkit|gvproxy)$/;

/** Whose part a process is: by descent, by user namespace, or by what it or an ancestor is called. */
export const partOf = (
  suspect: ProcessSeen,
  { engine, processes }: Pick<Surroundings, "engine" | "processes">,
): Holder["part"] => {
  if (suspect.pid === process.pid) return "harness";
  const line = [suspect, ...ancestorsOf(suspect, processes)];
  if (line.some(({ pid }) => hasPid(engine, pid))) return "this-engine";
  const namespace = separateUserNamespaceOf(suspect.pid);
  if (namespace !== null && namespace === engine.userNamespace) return "this-engine";
  const heads = otherHeads(engine, processes);
  const isOfHead = (head: ProcessSeen): boolean => {
    if (line.includes(head)) return true;
    const child = rootlesskitChildOf(head, processes);
    return child !== null && namespace !== null && userNamespaceOf(child.pid) === namespace;
  };
  if (heads.some(isOfHead)) return "other-engine";
  const programs = line.map(programOf);
  if (programs.some((program) => ROOTFUL.test(program))) {
    return engine.rootless === false && heads.length === 0 ? "this-engine" : "other-engine";
  }
  return programs.some((program) => ROOTLESS.test(program)) ? "other-engine" : "none";
};
