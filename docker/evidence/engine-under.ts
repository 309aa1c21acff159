/**
 * The processes and places of the engine that answers on a socket.
 */
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { userNamespaceOf } from "../managed/processes.ts";
import { flagIn } from "./command-flags.ts";
import type { EngineNamespace } from "./namespace.ts";
import { ancestorsOf, programOf, readProcesses, type ProcessSeen } from "./process-table.ts";

type Processes = ReadonlyMap<number, ProcessSeen>;

type HostNetwork = "host" | "engine";

/** Null wherever it is not visible to us, or there is no such thing. */
export interface EngineUnder {
  readonly daemonPid: number | null;
  /** RootlessKit's two halves: the parent binds ports of the host, the child has the daemon in its namespaces. */
  readonly rootlesskitPid: number | null;
  readonly rootlesskitChildPid: number | null;
  /** Whether it runs under RootlessKit. */
  readonly rootless: boolean | null;
  /** Of daemon and containers, such as `user:[4026532265]`; null for a rootful engine. */
  readonly userNamespace: string | null;
  /** The network namespace where its bridges and rules are. */
  readonly namespace: EngineNamespace | null;
  /** The one where ports of the host are bound. */
  readonly hostNamespace: EngineNamespace;
  /**
   * Where containers with `--network host` are: in dockerd's own namespace, which is the machine's when RootlessKit
   * detached the engine's. `host`: where ports of the host are bound; `engine`: where the bridges are.
   */
  readonly hostNetwork: HostNetwork | null;
  readonly stateDir: string | null;
  /** The socket of RootlessKit's own API. */
  readonly apiSocket: string | null;
}

const NOTHING: EngineUnder = {
  daemonPid: null,
  rootlesskitPid: null,
  rootlesskitChildPid: null,
  rootless: null,
  userNamespace: null,
  namespace: null,
  hostNamespace: { kind: "host" },
  hostNetwork: null,
  stateDir: null,
  apiSocket: null,
};

const orNull = <Value>(read: () => Value): Value | null => {
  try {
    return read();
  } catch {
    return null;
  }
};

const isSocket = (path: string): boolean => orNull(() => statSync(path))?.isSocket() ?? false;

/** A variable of a process; null where there is none, or other users' are not ours to read. */
const variableOf = (pid: number, name: string): string | null => {
  const text = orNull(() => readFileSync(`/proc/${String(pid)}/environ`, "utf8")) ?? "";
  const entry = text.split("\0").find((each) => each.startsWith(`${name}=`));
  return entry?.slice(name.length + 1) ?? null;
};

export const networkNamespaceOf = (pid: number | "self"): string | null =>
  orNull(() => readlinkSync(`/proc/${String(pid)}/ns/net`));

/** The user namespace of a process; null where it is hidden, and for the one that we are in ourselves. */
export const separateUserNamespaceOf = (pid: number): string | null => {
  const namespace = userNamespaceOf(pid);
  return namespace === userNamespaceOf("self") ? null : namespace;
};

/** Under which RootlessKit a process runs: its parent half; null for none. */
export const rootlesskitOver = (process: ProcessSeen, processes: Processes): ProcessSeen | null =>
  ancestorsOf(process, processes).find(isRootlesskit) ?? null;

/** The half that is started as `rootlesskit`; the other one starts itself as `/proc/self/exe`. */
export const isRootlesskit = (process: ProcessSeen): boolean =>
  /^(?:docker-)?rootlesskit$/.test(programOf(process));

export const isDaemon = (process: ProcessSeen): boolean => programOf(process) === "dockerd";

/** The other half: the child that was started with the very same arguments. */
export const rootlesskitChildOf = (parent: ProcessSeen, processes: Processes): ProcessSeen | null =>
  [...processes.values()].find(
    (process) =>
      process.parent === parent.pid &&
      process.words.slice(1).join("\0") === parent.words.slice(1).join("\0"),
  ) ?? null;

/** Inodes of the sockets that listen at a path, by the table of a process's network namespace. */
const listenersAt = (path: string, pid: number): ReadonlySet<string> => {
  const table = orNull(() => readFileSync(`/proc/${String(pid)}/net/unix`, "utf8")) ?? "";
  const lines = table.split("\n").map((line) => line.trim().split(/\s+/));
  return new Set(
    lines.flatMap(([, , , , , , inode = "", bound = ""]) =>
      bound !== "" && (bound === path || orNull(() => realpathSync(bound)) === path) ? [inode] : [],
    ),
  );
};

/** True when the process has the socket open; null when it may not be looked into. */
const holdsSocketAt = (path: string, { pid }: ProcessSeen): boolean | null => {
  const descriptors = orNull(() => readdirSync(`/proc/${String(pid)}/fd`));
  if (descriptors === null) return null;
  const inodes = listenersAt(path, pid);
  return descriptors.some((descriptor) => {
    const target = orNull(() => readlinkSync(`/proc/${String(pid)}/fd/${descriptor}`));
    const inode = /^socket:\[(\d+)\]$/.exec(target ?? "")?.[1];
    return inode !== undefined && inodes.has(inode);
  });
};

/** For a daemon that may not be looked into: whether the socket lies where its command line says or implies. */
const isSaidToServe = (path: string, daemon: ProcessSeen, processes: Processes): boolean => {
  const hosts = daemon.words.filter((word) => word.includes("unix://"));
  if (hosts.length > 0) return hosts.some((word) => word.endsWith(`unix://${path}`));
  const rootlesskit = rootlesskitOver(daemon, processes);
  return rootlesskit === null
    ? /^(?:\/var)?\/run\/docker\.sock$/.test(path)
    : flagIn(rootlesskit.words, "--state-dir") === join(dirname(path), "dockerd-rootless") ||
        dirname(path) === `/run/user/${String(rootlesskit.uid)}`;
};

const daemonAt = (path: string, processes: Processes): ProcessSeen | null => {
  const daemons = [...processes.values()].filter(isDaemon);
  const looks = daemons.map((daemon) => ({ daemon, holds: holdsSocketAt(path, daemon) }));
  return (
    looks.find(({ holds }) => holds === true)?.daemon ??
    looks.find(({ daemon, holds }) => holds === null && isSaidToServe(path, daemon, processes))
      ?.daemon ??
    null
  );
};

/** The state directory, as the engine's processes know it. */
const stateDirSaid = (
  rootlesskit: ProcessSeen | null,
  inside: readonly number[],
): string | null => {
  const variables = inside.map((pid) => variableOf(pid, "ROOTLESSKIT_STATE_DIR"));
  return (
    variables.find((directory) => directory !== null) ??
    (rootlesskit === null ? null : flagIn(rootlesskit.words, "--state-dir"))
  );
};

/** The state directory: as the engine's processes know it, else where its script puts it. */
const stateDirOf = (
  socketPath: string,
  rootlesskit: ProcessSeen | null,
  inside: readonly number[],
): string | null => {
  const beside = join(dirname(socketPath), "dockerd-rootless");
  return stateDirSaid(rootlesskit, inside) ?? (isSocket(join(beside, "api.sock")) ? beside : null);
};

/** The one a process is in. Where that is hidden, its files tell of it all the same. */
const namespaceOfProcess = (pid: number): EngineNamespace =>
  networkNamespaceOf(pid) === networkNamespaceOf("self") ? { kind: "host" } : { kind: "pid", pid };

/** The network namespace is one that only a file keeps: the child's own is then the host's, and says nothing. */
const isDetached = ({ words }: ProcessSeen): boolean =>
  words.includes("--detach-netns") || words.includes("--detach-netns=true");

/** Where bridges and rules are: in a namespace that a file keeps, where RootlessKit detaches it, else in its child's. */
const namespaceOf = (
  stateDir: string | null,
  rootlesskit: ProcessSeen | null,
  inside: number,
): EngineNamespace | null => {
  // Bound over the file in the mount namespace of RootlessKit's child; everywhere else the file is empty.
  const path = `/proc/${String(inside)}/root${stateDir ?? ""}/netns`;
  if (stateDir !== null && orNull(() => statSync(path)) !== null) {
    return { kind: "file", path, userPid: inside };
  }
  return rootlesskit !== null && isDetached(rootlesskit) ? null : namespaceOfProcess(inside);
};

/** A process in whose network namespace, and not in ours, ports of the host are bound; null if none is known to. */
export const bindsElsewhere = ({
  hostNamespace,
}: Pick<EngineUnder, "hostNamespace">): number | null => {
  if (hostNamespace.kind !== "pid") return null;
  const theirs = networkNamespaceOf(hostNamespace.pid);
  return theirs === null || theirs === networkNamespaceOf("self") ? null : hostNamespace.pid;
};

const hostNetworkOf = (
  rootless: boolean,
  rootlesskit: ProcessSeen | null,
  namespace: EngineNamespace | null,
): HostNetwork | null => {
  if (!rootless || namespace?.kind === "file") return "host";
  if (rootlesskit === null) return null;
  return isDetached(rootlesskit) ? "host" : "engine";
};

/** Where the bridges and rules of the engine under a RootlessKit are; null if that cannot be seen. */
export const namespaceUnder = (
  rootlesskit: ProcessSeen,
  processes: Processes,
): EngineNamespace | null => {
  const child = rootlesskitChildOf(rootlesskit, processes);
  return child === null
    ? null
    : namespaceOf(stateDirSaid(rootlesskit, [child.pid]), rootlesskit, child.pid);
};

/**
 * Finds the engine behind a socket: a managed one, a user's own, a rootful one; with nulls for what it has not
 * or does not let us see. Never rejects.
 *
 * @param socketPath - null for an engine that is reached otherwise
 */
export const engineUnder = async (socketPath: string | null): Promise<EngineUnder> => {
  if (socketPath === null) return NOTHING;
  const path = orNull(() => realpathSync(socketPath)) ?? socketPath;
  const processes = await readProcesses();
  const daemon = processes === null ? null : daemonAt(path, processes);
  if (processes === null || daemon === null) {
    const stateDir = stateDirOf(path, null, []);
    return {
      ...NOTHING,
      rootless: stateDir === null ? null : true,
      stateDir,
      apiSocket: stateDir === null ? null : join(stateDir, "api.sock"),
    };
  }
  const rootlesskit = rootlesskitOver(daemon, processes);
  const child = rootlesskit === null ? null : rootlesskitChildOf(rootlesskit, processes);
  const rootless = rootlesskit !== null || separateUserNamespaceOf(daemon.pid) !== null;
  const inside = child?.pid ?? daemon.pid;
  const binder = rootless ? (rootlesskit?.pid ?? null) : daemon.pid;
  const stateDir = rootless ? stateDirOf(path, rootlesskit, [daemon.pid, inside]) : null;
  const namespace = rootless
    ? namespaceOf(stateDir, rootlesskit, inside)
    : namespaceOfProcess(daemon.pid);
  return {
    daemonPid: daemon.pid,
    rootlesskitPid: rootlesskit?.pid ?? null,
    rootlesskitChildPid: child?.pid ?? null,
    rootless,
    userNamespace: separateUserNamespaceOf(inside),
    namespace,
    hostNamespace: binder === null ? { kind: "host" } : namespaceOfProcess(binder),
    hostNetwork: hostNetworkOf(rootless, rootlesskit, namespace),
    stateDir,
    apiSocket: stateDir === null ? null : join(stateDir, "api.sock"),
  };
};
