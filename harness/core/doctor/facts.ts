/**
 * What `stress doctor` reads before it judges: of an engine, of the processes under it, of the machine. JSON-safe.
 *
 * Throughout, `null` is "could not be read here", never "nothing was there"; that is an empty list.
 */
import type { Forward, Holder, OtherEngine, Rule, SocketSeen } from "../evidence.ts";
import type { Pool } from "../known-engines.ts";
import type { GatewayCandidate } from "../routes/prediction.ts";

export const PROTOCOLS = ["tcp", "udp"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The port in question. */
export interface Asked {
  readonly port: number;
  readonly protocol: Protocol;
  /** The host address it is to be published on; null: all, as `-p 8080:80` asks. */
  readonly address: string | null;
}

/** A port that a container publishes, or will ask for when it starts. */
export interface PublishedPort {
  readonly protocol: string;
  /** Empty where the daemon was left to choose: all addresses. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface ContainerSeen {
  readonly name: string;
  /** As the daemon calls it: `running`, `created`, `exited`, `paused`, … */
  readonly state: string;
  /** Of its first process; null unless it runs. */
  readonly pid: number | null;
  readonly hostNetwork: boolean;
  /** Its addresses on its networks; empty unless it runs. */
  readonly addresses: readonly string[];
  /** What it publishes now; for one that does not run, what it asks for by number. */
  readonly ports: readonly PublishedPort[];
}

export interface NetworkSeen {
  readonly name: string;
  readonly driver: string;
  /** As prefixes: `172.18.0.0/16`. */
  readonly subnets: readonly string[];
}

/** What runs of this tool left on the engine. */
export interface LeftoverSeen {
  readonly run: string;
  readonly containers: number;
  readonly networks: number;
  /** The process that made them no longer runs. */
  readonly ownerGone: boolean;
}

/** What the daemon itself says. */
export interface DaemonSays {
  readonly version: string;
  readonly apiVersion: string;
  readonly rootless: boolean;
  /** RootlessKit's; null where it has none, or nobody tells. */
  readonly networkDriver: string | null;
  readonly portDriver: string | null;
  readonly cgroupDriver: string;
  /** `1` or `2`; null where an old daemon does not tell. */
  readonly cgroupVersion: string | null;
  readonly liveRestore: boolean;
  /** Configured address pools; null: the daemon names none, so it has the defaults. */
  readonly pools: readonly Pool[] | null;
  /** `iptables`, `nftables`, …; null where an engine before 29 does not tell. */
  readonly firewallDriver: string | null;
  readonly containers: readonly ContainerSeen[] | null;
  readonly networks: readonly NetworkSeen[] | null;
  readonly leftovers: readonly LeftoverSeen[] | null;
}

/** Who is on which network, and what decides there which of them gives a default gateway. */
export interface AttachmentsSeen {
  /** Of drivers that give a gateway; the engine's own `bridge` is one of them. */
  readonly networks: readonly GatewayCandidate[];
  /** Those that run. */
  readonly containers: readonly {
    readonly name: string;
    /** `HostConfig.NetworkMode`; `null` if the engine does not say. */
    readonly networkMode: string | null;
    readonly networks: readonly { readonly name: string; readonly gatewayPriority: number }[];
  }[];
}

/** The processes of the engine, seen from beside it. */
export interface ProcessesSeen {
  readonly rootless: boolean;
  /** RootlessKit, in whose namespace ports of the host are bound; null for a rootful engine. */
  readonly rootlesskit: number | null;
  readonly daemon: number;
  /** Who runs the engine: root for a rootful one. */
  readonly uid: number;
  readonly user: string | null;
  /** RootlessKit's API; null where there is none. */
  readonly api: string | null;
  /**
   * Where containers with `--network host` are: `host`, where ports of the host are bound, also when RootlessKit detached
   * the engine's namespace; `engine`, in a rootless engine's namespace. Null: not known.
   */
  readonly hostNetwork: "host" | "engine" | null;
  /** How a command gets into the engine's network namespace, e.g. `nsenter --net=/proc/4711/ns/net`; empty: no need. */
  readonly enter: readonly string[];
  /** The one who binds ports of the host may bind those below `ip_unprivileged_port_start`. */
  readonly bindsPrivileged: boolean | null;
  /** Path of the program that binds them, for `setcap`. */
  readonly binder: string | null;
  /** From its command line and its daemon.json; null: neither says, or they cannot be read. */
  readonly config: {
    readonly iptables: boolean | null;
    readonly userlandProxy: boolean | null;
  } | null;
  /** Soft limit and use of file descriptors of dockerd and of RootlessKit. */
  readonly files: readonly {
    readonly who: string;
    readonly limit: number;
    readonly used: number;
  }[];
}

/** One network namespace. */
export interface NamespaceSeen {
  /** Sockets whose local port is the asked one, of the asked protocol; empty when no port is asked. */
  readonly sockets: readonly SocketSeen[] | null;
  /** Ports on which an IPv6 listener takes IPv6 only; null where `ss` is missing. */
  readonly sixOnly: readonly number[] | null;
  /** Bound sockets of port 53, TCP and UDP. */
  readonly resolvers: readonly SocketSeen[] | null;
  /** `net.ipv4.ip_local_port_range`. */
  readonly portRange: readonly [number, number] | null;
  /** `net.ipv4.ip_local_reserved_ports`, as written. */
  readonly reservedPorts: string | null;
  /** `net.ipv4.ip_unprivileged_port_start`. */
  readonly unprivilegedStart: number | null;
  readonly conntrack: { readonly count: number; readonly max: number } | null;
  /** It has IPv6, at least on its loopback. */
  readonly ipv6: boolean | null;
  /** `net.core.somaxconn`. */
  readonly backlog: number | null;
}

/** Where the engine programs its rules: its own namespace. */
export interface FirewallSeen {
  /**
   * The NAT rules of each packet filter that this machine has; null for one that may not be read: only root reads
   * those of iptables-legacy. Empty where the namespace cannot be entered.
   */
  readonly backends: readonly {
    readonly backend: Rule["backend"];
    readonly rules: readonly Rule[] | null;
  }[];
  /** The back end of the `iptables` that the engine finds in its PATH; null where it is not known. */
  readonly uses: "iptables-legacy" | "iptables-nft" | null;
  /** What no network may meet: prefixes of IPv4 routes on the link, and addresses of nameservers. */
  readonly reserved: readonly string[] | null;
  /** Bridges, whether they route 127.0.0.0/8, and their ports that do not send back where it came from. */
  readonly bridges:
    | readonly {
        readonly name: string;
        readonly routesLoopback: boolean | null;
        readonly ports: readonly { readonly name: string; readonly hairpin: boolean }[];
      }[]
    | null;
}

export interface OtherEngineSeen extends OtherEngine {
  /** `ip_local_port_range` of its namespace. */
  readonly portRange: readonly [number, number] | null;
  /** Its socket as `--host` takes it; null where it cannot be told. */
  readonly host: string | null;
}

export interface MachineSeen {
  /** The largest range of the engine's user, one file each; count 0: none. */
  readonly subordinate:
    readonly { readonly file: string; readonly count: number; readonly nextFree: number }[] | null;
  /** Helpers that RootlessKit needs, and whether they may do what they are for: setuid, or a file capability. */
  readonly helpers: readonly {
    readonly name: string;
    readonly path: string | null;
    readonly privileged: boolean | null;
  }[];
  readonly cgroup: {
    readonly version: 1 | 2;
    /** Delegated to the engine's user; null where that has no unit to look at. */
    readonly controllers: readonly string[] | null;
  } | null;
  /** What `/etc/hosts` makes of `localhost`. */
  readonly localhost: readonly string[] | null;
  /** `fs.inotify.max_user_instances`. */
  readonly inotifyInstances: number | null;
  /** Keys of the engine's user: `/proc/key-users`. */
  readonly keys: { readonly used: number; readonly max: number } | null;
  /** Whether systemd runs and has a unit `docker.service`, of its own and of the user who looks. */
  readonly dockerUnits: { readonly system: boolean; readonly user: boolean };
}

export interface DoctorFacts {
  /** Null: is this machine fit for a burst? */
  readonly asked: Asked | null;
  /** Jobs at once that the preflight reckons with. */
  readonly n: number;
  /** Who looks. */
  readonly reader: { readonly uid: number; readonly user: string | null };
  /** Where the engine was looked for, e.g. `unix:///run/user/1000/docker.sock (rootless)`. */
  readonly address: string;
  /** For `--host`; null where no address was found. */
  readonly host: string | null;
  /** Null: nobody answers, `silence` says why. */
  readonly daemon: DaemonSays | null;
  readonly silence: string | null;
  readonly attachments: AttachmentsSeen | null;
  readonly processes: ProcessesSeen | null;
  /** Where ports of the host are bound: RootlessKit's namespace, dockerd's for a rootful engine, else our own. */
  readonly outer: NamespaceSeen;
  /** The namespace of a rootless engine's networks; null for a rootful one, or where it cannot be entered. */
  readonly inner: NamespaceSeen | null;
  /** All of RootlessKit's; null for a rootful engine too. */
  readonly forwards: readonly Forward[] | null;
  readonly firewall: FirewallSeen;
  readonly otherEngines: readonly OtherEngineSeen[] | null;
  readonly machine: MachineSeen;
  /** Processes that hold a socket in question, and the container each belongs to, where one does. */
  readonly inContainers: readonly { readonly pid: number; readonly container: string }[];
  /** Local ports of this tool's own probes, first and last. */
  readonly probePorts: readonly [number, number];
}

/** The program's name without its directory, and its arguments. */
const words = (command: string): readonly [string, string] => {
  const [path = "", ...args] = command.split(" ");
  return [path.split("/").at(-1) ?? "", args.join(" ")];
};

/** The name of the program that a command line starts; empty for none. */
export const programIn = (command: string): string => words(command)[0];

/** `nginx (pid 4711, user www-data)`. */
export const named = ({ pid, uid, user, command }: Holder): string => {
  const program = programIn(command);
  return `${program === "" ? "a process" : program} (pid ${String(pid)}, user ${user ?? String(uid)})`;
};

const COMMAND_WIDTH = 120;

/** A command line as far as it tells one process from another. */
export const shortCommand = (command: string): string => {
  const whole = words(command).join(" ").trim();
  return whole.length <= COMMAND_WIDTH ? whole : `${whole.slice(0, COMMAND_WIDTH - 2)} …`;
};
