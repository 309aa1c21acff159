/**
 * What is looked at when something fails, and what was seen: raw, JSON-safe, kept in the journal. What it means
 * is decided afterwards, by `attribute`.
 *
 * Throughout, `null` is "could not be read here", never "nothing was there"; that is an empty list.
 */
import { z } from "zod";

const text = z.string();
const port = z.int().min(0).max(65_535);

/** The states of a TCP socket, as `ss` names them. */
const SOCKET_STATES = [
  "established",
  "syn-sent",
  "syn-recv",
  "fin-wait-1",
  "fin-wait-2",
  "time-wait",
  "close",
  "close-wait",
  "last-ack",
  "listen",
  "closing",
] as const;
export type SocketState = (typeof SOCKET_STATES)[number];

/** A process that holds something. */
const holderSchema = z.object({
  pid: z.int().positive(),
  uid: z.int().nonnegative(),
  /** The user's name; null where the machine knows none. */
  user: text.nullable(),
  /** Its command line, arguments joined by spaces, at most 300 characters. */
  command: text,
  /** Whose part it is: the harness itself, the engine under test, another engine on the machine, or nobody's. */
  part: z.enum(["harness", "this-engine", "other-engine", "none"]),
});
export type Holder = z.infer<typeof holderSchema>;

/** One TCP socket out of a namespace's table. */
export const socketSchema = z.object({
  family: z.union([z.literal(4), z.literal(6)]),
  localAddress: text,
  localPort: port,
  remoteAddress: text,
  remotePort: port,
  state: z.enum(SOCKET_STATES),
  /** Of the user who made it; 0 for sockets in time-wait, which belong to nobody. */
  uid: z.int().nonnegative(),
  /** Null where no process holds it (time-wait), or where other users' processes may not be looked into. */
  holder: holderSchema.nullable(),
});
export type SocketSeen = z.infer<typeof socketSchema>;

/** An entry of RootlessKit's `GET /v1/ports`. */
export const forwardSchema = z.object({
  id: z.int().positive(),
  protocol: text,
  parentIp: text,
  parentPort: port,
  childIp: text.nullable(),
  childPort: port,
});
export type Forward = z.infer<typeof forwardSchema>;

/** A container that has a port of the host, or asks for it. */
const portUserSchema = z.object({
  container: text,
  /** Of this tool; null for other people's containers. */
  run: text.nullable(),
  job: text.nullable(),
  running: z.boolean(),
  hostIp: text,
  hostPort: port,
  containerPort: port,
});
export type PortUser = z.infer<typeof portUserSchema>;

/** An engine on this machine besides the one under test. */
const otherEngineSchema = z.object({
  /** Of RootlessKit, or of dockerd where it is rootful. */
  pid: z.int().positive(),
  uid: z.int().nonnegative(),
  user: text.nullable(),
  rootless: z.boolean(),
  command: text,
});
export type OtherEngine = z.infer<typeof otherEngineSchema>;

/** A rule that redirects a port, in the engine's network namespace. */
export const ruleSchema = z.object({
  /** `iptables-legacy`, `iptables-nft` or `nft`. */
  backend: z.enum(["iptables-legacy", "iptables-nft", "nft"]),
  chain: text,
  /** As `iptables -L --line-numbers` counts, or nft's handle. */
  line: z.int().positive(),
  /** As the program prints it. */
  rule: text,
});
export type Rule = z.infer<typeof ruleSchema>;

export const questionSchema = z.discriminatedUnion("about", [
  /** Who has this port of the host? */
  z.object({ about: z.literal("port"), port, hostIp: text }),
  /** Who has the address pools' subnets? */
  z.object({ about: z.literal("subnets") }),
  /** Who has this name? */
  z.object({ about: z.literal("name"), kind: z.enum(["container", "network"]), name: text }),
  /** What is the daemon doing? `hang`: asked because it did not answer, so what its goroutines do is of interest. */
  z.object({ about: z.literal("daemon"), hang: z.boolean() }),
]);
export type Question = z.infer<typeof questionSchema>;

export const sightSchema = z.discriminatedUnion("about", [
  z.object({
    about: z.literal("port"),
    port,
    hostIp: text,
    /** Sockets whose local port it is, in the namespace where RootlessKit (or a rootful daemon) binds. */
    host: z.array(socketSchema).readonly().nullable(),
    /** The same in the daemon's own namespace, detached or not; null also where it is the host's (rootful). */
    engine: z.array(socketSchema).readonly().nullable(),
    /** RootlessKit's forwards of this port; null for a rootful engine. */
    forwards: z.array(forwardSchema).readonly().nullable(),
    /** Containers of this engine with the port, running or not. */
    containers: z.array(portUserSchema).readonly().nullable(),
    /** NAT rules in the engine's namespace that name the port. */
    rules: z.array(ruleSchema).readonly().nullable(),
    otherEngines: z.array(otherEngineSchema).readonly().nullable(),
    /** `net.ipv4.ip_unprivileged_port_start` of the host. */
    unprivilegedStart: z.int().nullable(),
  }),
  z.object({
    about: z.literal("subnets"),
    networks: z
      .array(z.object({ name: text, subnets: z.array(text).readonly(), run: text.nullable() }))
      .readonly()
      .nullable(),
  }),
  z.object({
    about: z.literal("name"),
    kind: z.enum(["container", "network"]),
    name: text,
    /** Who has it at the moment of the look. */
    holders: z
      .array(
        z.object({
          id: text,
          name: text,
          run: text.nullable(),
          job: text.nullable(),
          /** ISO 8601, UTC. */
          createdAt: text,
        }),
      )
      .readonly()
      .nullable(),
  }),
  z.object({
    about: z.literal("daemon"),
    /** Of dockerd: the letter of `/proc/PID/stat` (R, S, D, T, Z), `gone`; null where its pid is not known. */
    state: z.enum(["R", "S", "D", "T", "Z", "I", "gone"]).nullable(),
    pid: z.int().positive().nullable(),
    /** It answers `/_ping`, within two seconds. */
    answers: z.boolean(),
    /** The file, within the run's directory, that its goroutines were written to; null: debug is off, or no answer. */
    goroutines: text.nullable(),
  }),
]);
export type Sight = z.infer<typeof sightSchema>;
export type SightOf<About extends Sight["about"]> = Extract<Sight, { readonly about: About }>;

/** What grows if something leaks; read between waves. */
export const countersSchema = z.object({
  /** Listening TCP sockets in the namespace where ports are bound. */
  listeningSockets: z.int().nonnegative().nullable(),
  /** Forwards that RootlessKit holds. */
  forwards: z.int().nonnegative().nullable(),
  /** In the daemon's namespace. */
  bridges: z.int().nonnegative().nullable(),
  veths: z.int().nonnegative().nullable(),
  natRules: z.int().nonnegative().nullable(),
  conntrackEntries: z.int().nonnegative().nullable(),
  /** Of dockerd. */
  daemonThreads: z.int().nonnegative().nullable(),
  daemonFileDescriptors: z.int().nonnegative().nullable(),
});
export type Counters = z.infer<typeof countersSchema>;
export type Counter = keyof Counters;

/** Where nothing can be counted. */
export const UNCOUNTED: Counters = {
  listeningSockets: null,
  forwards: null,
  bridges: null,
  veths: null,
  natRules: null,
  conntrackEntries: null,
  daemonThreads: null,
  daemonFileDescriptors: null,
};

/** Where ports of a wave are, when its burst has ended and before teardown. */
export const portsSeenSchema = z.object({
  /** All of RootlessKit's forwards, in the order of their ids. */
  forwards: z.array(forwardSchema).readonly().nullable(),
  /** Ports that somebody listens on in the daemon's namespace, ascending. */
  engineListening: z.array(port).readonly().nullable(),
});
export type PortsSeen = z.infer<typeof portsSeenSchema>;
