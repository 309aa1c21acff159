/**
 * What `stress ports` reads before it joins: the daemon's word, socket tables, forwards, docker-proxies, rules. JSON-safe.
 *
 * Throughout, `null` is "could not be read here", never "nothing was there"; that is an empty list.
 */
import type { ContainerSeen, DoctorFacts, Protocol } from "../doctor/facts.ts";
import type { Forward, Holder, Rule } from "../evidence.ts";

/** A listener of TCP, or a socket of UDP that is bound and not connected. */
export interface Bound {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** Of one that listens on `::`: whether it leaves IPv4 alone; null where nobody tells. */
  readonly sixOnly: boolean | null;
  readonly uid: number;
  /** Null where other users' processes may not be looked into. */
  readonly holder: Holder | null;
}

/** A docker-proxy of the engine, by its command line, which everybody may read. */
export interface DockerProxy {
  readonly pid: number;
  readonly uid: number;
  readonly user: string | null;
  readonly command: string;
  readonly protocol: string;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerIp: string;
  readonly containerPort: number;
}

export interface PortContainer extends ContainerSeen {
  readonly id: string;
}

/** Which ports are asked for. */
export interface PortFilter {
  readonly port: number;
  /** Null: all of the port. */
  readonly address: string | null;
  /** Null: any. */
  readonly protocol: Protocol | null;
}

export interface PortFacts extends Pick<DoctorFacts, "processes" | "reader" | "inContainers"> {
  /** Null: all ports. */
  readonly asked: PortFilter | null;
  /** Where the engine is, e.g. `unix:///run/user/1000/docker.sock (rootless)`. */
  readonly address: string;
  readonly version: string;
  readonly rootless: boolean;
  /** RootlessKit's; null where it has none, or nobody tells. */
  readonly portDriver: string | null;
  readonly containers: readonly PortContainer[];
  /** Where ports of the host are bound. */
  readonly host: readonly Bound[] | null;
  /** In a rootless engine's own namespace; null for a rootful one too. */
  readonly inner: readonly Bound[] | null;
  /** RootlessKit's; null for a rootful engine too, and where its port driver keeps no list. */
  readonly forwards: readonly Forward[] | null;
  readonly proxies: readonly DockerProxy[] | null;
  /** NAT rules where the engine writes them, by what they can be read with; null for one that could not be. */
  readonly rules: {
    readonly four: readonly Rule[];
    readonly six: readonly Rule[];
    /** Packet filters that could not be read: `iptables-legacy`, `ip6tables`, … */
    readonly unread: readonly string[];
  };
}
