/**
 * Which process made an object on an engine: the value of its owner label. Tells a dead run's leftovers from
 * the work of a run that is still alive.
 */
import { readlinkSync } from "node:fs";
import { identify, isAlive } from "../../docker/managed/processes.ts";

/** The owner of what `--keep-failed` leaves: no process, so that only `stress clean RUN` removes it. */
export const KEPT = "kept";

/** The number of this process's pid namespace: in another one the same pid is somebody else. */
const pidNamespace = (): string => readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");

/** `PID:START:BOOT:NAMESPACE` of this process. */
export const ownerToken = (): string => {
  const own = identify(process.pid);
  if (own === null) throw new Error("this process cannot be found in /proc");
  return `${String(own.pid)}:${own.startTime}:${own.bootId}:${pidNamespace()}`;
};

/**
 * True when the owner certainly no longer runs on this machine. A label that cannot be read, or that another
 * machine or another pid namespace wrote, is not certain: whoever started that run removes it by its id.
 */
export const isOwnerGone = (token: string): boolean => {
  const [pid, startTime, bootId, namespace] = token.split(":");
  if (pid === undefined || startTime === undefined || bootId === undefined) return false;
  const self = identify(process.pid);
  // After a reboot every owner is gone, but another machine has another boot id as well.
  if (self === null || self.bootId !== bootId || namespace !== pidNamespace()) return false;
  // Where /proc hides other people's processes, not seeing one says nothing.
  if (identify(1) === null) return false;
  return !isAlive({ pid: Number(pid), startTime, bootId });
};
