/**
 * What each mode asks of the daemon, as data: which host address and port a container port is published
 * at, and from where the job uses its services. A new mode is a row here and a name in `MODES`.
 */
import type { Mode, Scenario } from "./model.ts";

/** Where one container port of one job is to be published. */
interface Placement {
  readonly containerPort: number;
  /** 0 … N−1. */
  readonly job: number;
  /** Index of this port among the job's published ports. */
  readonly portIndex: number;
  readonly portsPerJob: number;
  /** Where `ports-block` begins; absent: at its first port. */
  readonly firstBlockPort?: number;
}

interface HostSide {
  /** Empty: every address, IPv4 and IPv6, as `-p` without an address asks. */
  readonly hostIp: string;
  /** Null: the daemon chooses. */
  readonly hostPort: number | null;
}

export interface ModeRule {
  /** In which scenarios a job may be reached like this. */
  readonly scenarios: readonly Scenario["kind"][];
  /** One line for `--help` and reports. */
  readonly title: string;
  readonly access: "host" | "job";
  /** Null: nothing is published. */
  readonly publish: ((placement: Placement) => HostSide) | null;
}

/**
 * `ports-block` takes its ports from here up: above Linux's default ephemeral range (32768–60999), so that
 * neither a host connection nor a daemon's dynamic allocation can hold one of them.
 */
export const BLOCK_FIRST_PORT = 61_000;
export const BLOCK_LAST_PORT = 65_535;

export const MODE_RULES: Readonly<Record<Mode, ModeRule>> = {
  ports: {
    title: "published on ports that the daemon chooses",
    scenarios: ["stacks", "datapath"],
    access: "host",
    publish: () => ({ hostIp: "", hostPort: null }),
  },
  "ports-fixed": {
    title: "published on the same number as in the container, by every job: a conflict by design",
    scenarios: ["stacks"],
    access: "host",
    publish: ({ containerPort }) => ({ hostIp: "", hostPort: containerPort }),
  },
  "ports-block": {
    title: `published in a block of ports of the job's own, from ${String(BLOCK_FIRST_PORT)} up`,
    scenarios: ["stacks"],
    access: "host",
    publish: ({ job, portIndex, portsPerJob, firstBlockPort = BLOCK_FIRST_PORT }) => ({
      hostIp: "",
      hostPort: firstBlockPort + job * portsPerJob + portIndex,
    }),
  },
  "ports-loopback": {
    title: "published on 127.0.0.1 only, on ports that the daemon chooses",
    scenarios: ["stacks"],
    access: "host",
    publish: () => ({ hostIp: "127.0.0.1", hostPort: null }),
  },
  noports: {
    title: "nothing published: used by name from a job container on the same network",
    scenarios: ["stacks", "routes", "datapath"],
    access: "job",
    publish: null,
  },
  host: {
    title: "with --network host, on no network of its own (scenario datapath)",
    scenarios: ["datapath"],
    access: "host",
    publish: null,
  },
  process: {
    title: "no container at all: a process of this machine (scenario datapath)",
    scenarios: ["datapath"],
    access: "host",
    publish: null,
  },
};

/** True where the daemon chooses the ports: what may be tried again with another one. */
export const letsDaemonChoose = (mode: Mode): boolean =>
  MODE_RULES[mode].publish?.({ containerPort: 1, job: 0, portIndex: 0, portsPerJob: 1 })
    .hostPort === null;
