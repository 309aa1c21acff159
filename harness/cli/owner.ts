/**
 * Which process made an object on an engine: the value of its owner label. Tells a dead run's leftovers from
 * the work of a run that is still alive.
 */
import { identify, isAlive } from "../../docker/managed/processes.ts";

/** `PID:START:BOOT` of this process. */
export const ownerToken = (): string => {
  const own = identify(process.pid);
  if (own === null) throw new Error("this process cannot be found in /proc");
  return `${String(own.pid)}:${own.startTime}:${own.bootId}`;
};

/**
 * True when the owner certainly no longer runs on this machine. A label that cannot be read, or that another
 * machine wrote, is not certain: whoever started that run removes it by its id.
 */
export const isOwnerGone = (token: string): boolean => {
  const [pid, startTime, bootId] = token.split(":");
  if (pid === undefined || startTime === undefined || bootId === undefined) return false;
  const self = identify(process.pid);
  // After a reboot every owner is gone, but another machine has another boot id as well.
  if (self === null || self.bootId !== bootId) return false;
  return !isAlive({ pid: Number(pid), startTime, bootId });
};
