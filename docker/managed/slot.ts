/**
 * Slots: the places for engines that run at once, each with its own range of ports.
 */
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";

export const SLOTS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const FIRST_PORT = 13_312;
const PORTS_PER_SLOT = 2048;

/**
 * First and last dynamic port of a slot, both included.
 *
 * All slots end below 32768, where the range of an ordinary host begins: neither the host's outbound
 * connections nor another engine are then in the way of a managed engine, unless a run asks for that.
 *
 * @param slot - 0 … 7
 */
export const portRangeOf = (slot: number): readonly [number, number] => {
  const first = FIRST_PORT + PORTS_PER_SLOT * slot;
  return [first, first + PORTS_PER_SLOT - 1];
};

export interface SlotPaths {
  readonly directory: string;
  /** Holds the slot: who has created this file has the slot. */
  readonly record: string;
  /** XDG_RUNTIME_DIR of the engine. */
  readonly runtimeDir: string;
  readonly socket: string;
  readonly logFile: string;
  readonly configFile: string;
  /** First in PATH of the engine. */
  readonly launcherDir: string;
}

/** Longest path of a socket that the kernel takes, without the closing zero. */
const SOCKET_PATH_LIMIT = 107;
/** The longest name that an engine gives to a socket in its runtime directory: libnetwork's, with 12 digits. */
const LONGEST_SOCKET = "docker/containerd/containerd-debug.sock.ttrpc";

/**
 * @throws StressError("environment") when the state directory's path is too long for the sockets in it
 */
export const slotPaths = (stateDir: string, slot: number): SlotPaths => {
  const directory = join(stateDir, "slots", String(slot));
  const runtimeDir = join(directory, "run");
  const room = SOCKET_PATH_LIMIT - LONGEST_SOCKET.length - 1;
  if (Buffer.byteLength(runtimeDir) > room) {
    throw new StressError(
      "environment",
      `${stateDir} is too long a path for the sockets of an engine; set STRESS_STATE_DIR to one of at most ${String(room - "/slots/0/run".length)} bytes`,
    );
  }
  return {
    directory,
    record: join(directory, "record.json"),
    runtimeDir,
    socket: join(runtimeDir, "docker.sock"),
    logFile: join(directory, "engine.log"),
    configFile: join(directory, "daemon.json"),
    launcherDir: join(directory, "launcher"),
  };
};
