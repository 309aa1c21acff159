/**
 * What was measured of one way to a server, and what was seen to carry it: raw, JSON-safe, kept in the journal.
 *
 * Throughout, `null` is "could not be read here", never "nothing was there"; that is an empty list.
 */
import { z } from "zod";
import { forwardSchema, ruleSchema, socketSchema } from "../evidence.ts";

const text = z.string();
const port = z.int().min(0).max(65_535);
const amount = z.number().nonnegative();

/**
 * Who spends processor time on a flow.
 *
 * `rootlesskit` is its parent and its child half, `dockerd` also containerd and the shims, `softirq` the kernel's work
 * on packets outside any process, `other` every process that is none of these: the harness, and what else the
 * machine does.
 */
export const SPENDERS = [
  "docker-proxy",
  "rootlesskit",
  "slirp4netns",
  "pasta",
  "dockerd",
  "iperf3-server",
  "iperf3-client",
  "redis-server",
  "redis-client",
  "softirq",
  "other",
] as const;
export type Spender = (typeof SPENDERS)[number];

const costSchema = z.object({
  /**
   * How long processor time was counted, in seconds: within the measurement, from after its warm-up on. A rate over
   * a processor share of these seconds is a rate per busy core.
   */
  seconds: z.number().positive(),
  /** User and system time in milliseconds, in steps of 10; 0 for who has no part in it. */
  processor: z.record(z.enum(SPENDERS), amount).readonly(),
  machine: z.object({
    /** All cores together, in milliseconds of these seconds; what the hypervisor took (`stealMs`) is neither. */
    busyMs: amount,
    /** Part of `busyMs`. */
    softirqMs: amount,
    idleMs: amount,
    stealMs: amount,
    cores: z.int().positive(),
  }),
  /**
   * Whether `softirq` is beside the time of the processes (`apart`) or in it: without `CONFIG_IRQ_TIME_ACCOUNTING`
   * the kernel books it to whoever it interrupted, and adding it would count it twice (`within`).
   */
  softirq: z.enum(["apart", "within"]).nullable(),
});
/** What something cost in processor time. */
export type Cost = z.infer<typeof costSchema>;

/** One run of iperf3. */
export const flowSchema = z.object({
  kind: z.literal("flow"),
  /** What arrived, without headers, after the warm-up. */
  bitsPerSecond: amount,
  /** Of all connections together; null where the kernel of the sender does not tell. */
  retransmits: z.int().nonnegative().nullable(),
  /** As iperf3 names itself, `iperf 3.12`. */
  program: text,
  ...costSchema.shape,
});
export type FlowMeasurement = z.infer<typeof flowSchema>;

/** Quantiles of a sample, in milliseconds. */
const latencySchema = z.object({
  samples: z.int().positive(),
  median: amount,
  p95: amount,
  p99: amount,
});
export type Latency = z.infer<typeof latencySchema>;

/** Small requests: a Redis `PING` and its answer. */
export const requestsSchema = z.object({
  kind: z.literal("requests"),
  /** From asking for a new TCP connection to the answer to the first `PING` on it. */
  connect: latencySchema,
  /** Over one connection that is held, each sent when the answer to the one before has come. */
  requestsPerSecond: amount,
  /** Of the requests on the connection that is held. */
  ...costSchema.shape,
});
export type RequestMeasurement = z.infer<typeof requestsSchema>;

/** There is no such way here, in the words of the socket or the program. */
export const unreachableSchema = z.object({ kind: z.literal("unreachable"), words: text });
export type Unreachable = z.infer<typeof unreachableSchema>;

/** What came of connecting and asking one question. */
export const reachSchema = z.object({
  address: text,
  port,
  /**
   * `leads-nowhere`: the connection was accepted, and then closed or left without an answer. `unreachable`: there is no
   * such address or no way to it, or nobody answers at all.
   */
  outcome: z.enum(["answers", "refused", "leads-nowhere", "unreachable"]),
  /** The socket's, or how long nothing came; null where it answers. */
  words: text.nullable(),
});
export type Reach = z.infer<typeof reachSchema>;

const proxySchema = z.object({
  pid: z.int().positive(),
  /** `docker-proxy`, or `rootlesskit-docker-proxy`, which asks RootlessKit for the port first. */
  program: text,
  hostIp: text,
  hostPort: port,
  containerIp: text,
  containerPort: port,
});

/** What carries the traffic of a way in. */
export const carriersSchema = z.object({
  kind: z.literal("carriers"),
  /** The port that the client connects to. */
  port,
  /** Who listens on that port where ports of the host are bound. */
  onHost: z.array(socketSchema).readonly().nullable(),
  /** Who listens on it where the engine has its bridges; null also where that is the host. */
  inEngine: z.array(socketSchema).readonly().nullable(),
  /** Who listens on the server's own port in the server's container; null for a process outside any. */
  inContainer: z.array(socketSchema).readonly().nullable(),
  /** User-land proxies of this engine that were told of the port. */
  proxies: z.array(proxySchema).readonly(),
  /** NAT rules of the engine's namespace that redirect the port, IPv4's and then IPv6's. */
  rules: z.array(ruleSchema).readonly().nullable(),
  /** Null for a rootful engine, and where RootlessKit does not tell. */
  rootlesskit: z
    .object({
      version: text,
      networkDriver: text.nullable(),
      portDriver: text.nullable(),
      /** Its entries for the port; null where it has no port driver: then somebody else forwards. */
      forwards: z.array(forwardSchema).readonly().nullable(),
    })
    .nullable(),
  /** From where the client is: over `127.0.0.1` or the name's IPv4 address, and over `::1` or its IPv6 address. */
  reach: z.object({ "4": reachSchema, "6": reachSchema }),
});
export type Carriers = z.infer<typeof carriersSchema>;
