/**
 * What trouble is made with on a real engine and its machine.
 */
import type Dockerode from "dockerode";
import { setTimeout as sleep } from "node:timers/promises";
import { StressError } from "../../harness/core/errors.ts";
import { portsBehind } from "../../harness/core/nemesis-targets.ts";
import { engineUnder } from "../evidence/engine-under.ts";
import { localPortRange } from "../evidence/port-range.ts";
import { identify, isAlive } from "../managed/processes.ts";
import { cursorOf } from "./cursor.ts";
import { hostOccupant } from "./host-occupant.ts";
import type { Marks } from "./marks.ts";
import { rootlesskitForwards } from "./rootlesskit-forwards.ts";
import type { Arsenal, DaemonProcess } from "./trouble.ts";

/** The first part of a burst, in milliseconds: the first containers of sixteen jobs need a second to start. */
const SOONEST_MS = 100;
const LATEST_MS = 600;

/** A new network namespace begins with this range, whatever the host's is; and so does the host. */
const KERNEL_PORT_RANGE = [32_768, 60_999] as const;

export interface RealEngine {
  readonly docker: Dockerode;
  /** Null for an engine that is not reached through one. */
  readonly socketPath: string | null;
  /** Ours alone: nobody else suffers when it is stopped. */
  readonly own: boolean;
  /** First and last dynamic port; null where it is not known. */
  readonly portRange: readonly [number, number] | null;
  readonly marks: Marks;
  /** The socket of the second engine's daemon; null where there is none. */
  readonly secondEngine: string | null;
}

const missing = (what: string): StressError => new StressError("environment", what);

const daemonAt = async ({ own, socketPath }: RealEngine): Promise<DaemonProcess> => {
  if (!own || socketPath === null) {
    throw new StressError(
      "usage",
      "--nemesis slow-daemon and kill-daemon are for an engine of our own: add --engine managed",
    );
  }
  const { daemonPid } = await engineUnder(socketPath);
  const identity = daemonPid === null ? null : identify(daemonPid);
  if (identity === null) throw missing(`the process of the daemon at ${socketPath} is not found`);
  // Its pid may be somebody else's by now.
  const send = (signal: NodeJS.Signals): boolean =>
    isAlive(identity) && process.kill(identity.pid, signal);
  const name = `dockerd (pid ${String(identity.pid)})`;
  return {
    pause: () => {
      send("SIGSTOP");
      return Promise.resolve(`${name} stopped (SIGSTOP)`);
    },
    resume: () => {
      try {
        send("SIGCONT");
      } catch {
        // It has ended this very moment.
      }
      return Promise.resolve();
    },
    kill: () => {
      send("SIGKILL");
      return Promise.resolve(`${name} killed (SIGKILL)`);
    },
  };
};

/** @throws StressError("environment") where no RootlessKit is found under that engine */
const apiSocketUnder = async (socketPath: string | null): Promise<string> => {
  const { apiSocket } = socketPath === null ? { apiSocket: null } : await engineUnder(socketPath);
  if (apiSocket !== null) return apiSocket;
  throw missing(
    `no RootlessKit is found under the engine at ${socketPath ?? "this address"}: is it rootless?`,
  );
};

export const realArsenal = (engine: RealEngine): Arsenal => ({
  docker: engine.docker,
  occupant: async (by) =>
    by === "forward"
      ? rootlesskitForwards(await apiSocketUnder(engine.socketPath))
      : hostOccupant(by === "ephemeral" ? "outbound" : by),
  secondEngine: async () => rootlesskitForwards(await apiSocketUnder(engine.secondEngine)),
  daemon: () => daemonAt(engine),
  nextPorts: async (asked, signal) => {
    const { docker, marks, portRange } = engine;
    const cursor = await cursorOf({ docker, marks, ...asked }, signal);
    return portsBehind(cursor, portRange ?? KERNEL_PORT_RANGE);
  },
  hostPorts: async () => (await localPortRange()) ?? KERNEL_PORT_RANGE,
  midBurst: async ({ moment }, signal) => {
    const delay = SOONEST_MS + moment * (LATEST_MS - SOONEST_MS);
    await sleep(delay, undefined, { signal }).catch(() => undefined);
  },
});
