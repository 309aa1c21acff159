/**
 * What `/proc` says of processes: who they are, in which user namespace they live, and whose they are.
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Names a process for good: a pid alone is reused, and a start time alone repeats after a reboot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of `/proc/PID/stat`. */
  readonly startTime: string;
  readonly bootId: string;
}

/** What the launcher tells RootlessKit, see daemon-launcher.ts. */
const STATE_DIR_OF_SLOT = /^--state-dir=.*\/slots\/(\d)\/run\/dockerd-rootless$/;

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Gone, or not ours to look at: either way there is nothing to read.
    return "";
  }
};

/**
 * Start time from the text of `/proc/PID/stat`; null for a dead process that nobody has waited for.
 *
 * The name in field 2 may hold spaces and brackets, so fields are counted from its last bracket.
 */
export const startTimeIn = (stat: string): string | null => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
};

/** Who has this pid now; null when nobody has. */
export const identify = (pid: number): ProcessIdentity | null => {
  const stat = read(`/proc/${String(pid)}/stat`);
  const startTime = stat === "" ? null : startTimeIn(stat);
  if (startTime === null) return null;
  return { pid, startTime, bootId: read("/proc/sys/kernel/random/boot_id").trim() };
};

/** True while that very process runs; false for its successor on the same pid. */
export const isAlive = (process: ProcessIdentity): boolean => {
  const now = identify(process.pid);
  return now?.startTime === process.startTime && now.bootId === process.bootId;
};

/** All processes that can be seen. */
const allProcesses = (): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** The user namespace of a process, such as `user:[4026532265]`; null when it may not be read. */
export const userNamespaceOf = (pid: number | "self"): string | null => {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/user`);
  } catch {
    return null;
  }
};

/** Processes that were started with `XDG_RUNTIME_DIR` set to exactly this directory, and still run. */
export const processesWithRuntimeDir = (runtimeDir: string): readonly number[] => {
  const wanted = `XDG_RUNTIME_DIR=${runtimeDir}`;
  return allProcesses().filter(
    (pid) =>
      read(`/proc/${String(pid)}/environ`)
        .split("\0")
        .includes(wanted) && identify(pid) !== null,
  );
};

/** The command line of a process, as words; empty when it may not be read. */
const commandLine = (pid: number): readonly string[] =>
  read(`/proc/${String(pid)}/cmdline`).split("\0");

/**
 * Slots in which a RootlessKit of ours runs, whoever started it: every command line is readable by everybody, and
 * RootlessKit's names its slot. An engine that is just being claimed elsewhere is not seen yet.
 */
export const slotsOnThisMachine = (): ReadonlySet<number> => {
  const slots = allProcesses()
    .flatMap(commandLine)
    .flatMap((word) => STATE_DIR_OF_SLOT.exec(word)?.[1] ?? []);
  return new Set(slots.map(Number));
};

/** Processes of one user namespace that still run. */
export const processesInUserNamespace = (namespace: string): readonly number[] =>
  allProcesses().filter((pid) => userNamespaceOf(pid) === namespace && identify(pid) !== null);

/** The mount namespace of a process, such as `mnt:[4026531841]`; null when it may not be read. */
const mountNamespaceOf = (pid: number | "self"): string | null => {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/mnt`);
  } catch {
    return null;
  }
};

/**
 * Processes of other mount namespaces than this one's that name something inside the directory: an engine's own, and
 * its containers, whose files are there. Somebody who merely reads its log is among the machine's mounts.
 */
export const processesApartNaming = (directory: string): readonly number[] => {
  const own = mountNamespaceOf("self");
  return allProcesses().filter((pid) => {
    const namespace = mountNamespaceOf(pid);
    return namespace !== null && namespace !== own && mentions(pid, directory);
  });
};

/** True when environment, command line or mounts of a process name something inside the directory. */
export const mentions = (pid: number, directory: string): boolean =>
  ["environ", "cmdline", "mountinfo"].some((file) =>
    read(`/proc/${String(pid)}/${file}`).includes(`${directory}/`),
  );
