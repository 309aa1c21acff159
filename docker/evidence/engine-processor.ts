/**
 * What the engine's own programs cost in processor time.
 */
import { readFileSync } from "node:fs";
import { millis, type Millis } from "../../harness/core/units.ts";
import type { EngineUnder } from "./engine-under.ts";
import { programOf, readProcesses, type ProcessSeen } from "./process-table.ts";

/** The kernel tells times to programs in hundredths of a second, whatever its own tick is. */
const TICK_MS = 10;

/**
 * A process's own time and that of the children that it has waited for, from the text of `/proc/PID/stat`: utime,
 * stime, cutime and cstime, the 14th to 17th field. Null for what is no such text.
 *
 * @see proc_pid_stat(5); the second field is a name in parentheses that may hold spaces and parentheses itself
 */
export const processorTimeIn = (stat: string): Millis | null => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const times = fields.slice(11, 15).map(Number);
  const isWhole = times.length === 4 && times.every(Number.isInteger);
  return isWhole ? millis(times.reduce((sum, each) => sum + each, 0) * TICK_MS) : null;
};

const timeOf = ({ pid }: ProcessSeen): number => {
  try {
    return processorTimeIn(readFileSync(`/proc/${String(pid)}/stat`, "utf8")) ?? 0;
  } catch {
    // It has just ended: whoever waited for it has its time.
    return 0;
  }
};

/** Below a shim are the containers, which would use what they use on any engine. */
const isShim = (process: ProcessSeen): boolean => programOf(process).startsWith("containerd-shim");

/** A process and everything below it, shims excepted. */
const engineBelow = (
  head: ProcessSeen,
  processes: ReadonlyMap<number, ProcessSeen>,
): readonly ProcessSeen[] => {
  const children = new Map<number, ProcessSeen[]>();
  for (const process of processes.values()) {
    children.set(process.parent, [...(children.get(process.parent) ?? []), process]);
  }
  const found = new Set([head]);
  for (const process of found) {
    for (const child of children.get(process.pid) ?? []) if (!isShim(child)) found.add(child);
  }
  return [...found];
};

/**
 * Processor time of RootlessKit, its network driver, dockerd, containerd and their proxies so far; for a rootful
 * engine of dockerd and what it has started. Null where they cannot be seen.
 */
export const engineProcessor = async ({
  rootlesskitPid,
  daemonPid,
}: Pick<EngineUnder, "rootlesskitPid" | "daemonPid">): Promise<Millis | null> => {
  const processes = await readProcesses();
  const head = processes?.get(rootlesskitPid ?? daemonPid ?? -1);
  if (processes === null || head === undefined) return null;
  return millis(engineBelow(head, processes).reduce((sum, each) => sum + timeOf(each), 0));
};
