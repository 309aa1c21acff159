import Dockerode from "dockerode";
import { DeadlinePassed, messageOf, StressError } from "../../harness/core/errors.ts";
import { exchange } from "./exchange.ts";
import type { EngineAddress } from "./find-engine.ts";
import { versionAnswer } from "./daemon-schemas.ts";

/** The newest API version whose answers daemon-schemas.ts was read against. */
const NEWEST_API = 52;
/** Older daemons are refused: 20.10 speaks 1.41, and 29 accepts nothing below 1.40. */
const OLDEST_API = 40;

const minorOf = (version: string): number => Number(version.split(".")[1] ?? Number.NaN);

const open = (address: EngineAddress, version?: string): Dockerode => {
  const { target } = address;
  // No `agent`: docker-modem inspects its options on every request, and a shared keep-alive agent makes that
  // walk all sockets (129 ms of a blocked event loop at N=16). Node's default agent keeps connections alive.
  const versioned = version === undefined ? {} : { version: `v${version}` };
  return target.kind === "socket"
    ? new Dockerode({ socketPath: target.path, ...versioned })
    : new Dockerode({ host: target.host, port: target.port, protocol: "http", ...versioned });
};

/**
 * Opens a client that speaks the daemon's own API version, as far as this tool knows it.
 *
 * @throws StressError("environment") when nobody answers there, or something that is not a usable engine
 */
export const connect = async (address: EngineAddress, signal: AbortSignal): Promise<Dockerode> => {
  const bare = open(address);
  let version: ReturnType<typeof versionAnswer.safeParse>;
  try {
    version = versionAnswer.safeParse(
      await exchange(bare, { method: "GET", path: "/version" }, { signal }),
    );
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof DeadlinePassed)) throw error;
    throw new StressError(
      "environment",
      `no Docker engine answers at ${address.description}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const podman = version.data?.Components.find(({ Name }) => Name === "Podman Engine");
  if (podman !== undefined) {
    throw new StressError(
      "environment",
      `${address.description} is Podman ${podman.Version}, not Docker: name a Docker engine with --host`,
    );
  }
  const minor = version.success ? minorOf(version.data.ApiVersion) : Number.NaN;
  if (!(minor >= OLDEST_API)) {
    throw new StressError(
      "environment",
      `${address.description} is not a Docker engine with API 1.${String(OLDEST_API)} or later`,
    );
  }
  return open(address, `1.${String(Math.min(minor, NEWEST_API))}`);
};
