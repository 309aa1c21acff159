/**
 * How an engine is set up: whose programs, which `daemon.json`, which RootlessKit, which range of ports. A profile
 * that a run used is kept in its journal, whole.
 */
import { z } from "zod";

const text = z.string();
const port = z.int().min(1).max(65_535);

/** Whose programs. */
const engineSourceSchema = z.discriminatedUnion("kind", [
  /** What `--engine` says; where that says nothing, the default engine. */
  z.object({ kind: z.literal("at-hand") }),
  /** The machine's own. */
  z.object({ kind: z.literal("installed") }),
  /** A directory of programs. */
  z.object({ kind: z.literal("directory"), path: text }),
  /** One of Docker's static archives, or a directory's worth of programs packed as one: a file or an address. */
  z.object({ kind: z.literal("archive"), from: text }),
  /** A release of Debian. */
  z.object({ kind: z.literal("debian"), suite: text }),
  /** One that `stress engine add` has put there, by its version. */
  z.object({ kind: z.literal("version"), version: text }),
]);
export type EngineSource = z.infer<typeof engineSourceSchema>;

/** RootlessKit's drivers, by its own names. */
export const NETWORK_DRIVERS = [
  "slirp4netns",
  "pasta",
  "vpnkit",
  "lxc-user-nic",
  "gvisor-tap-vsock",
] as const;
export const PORT_DRIVERS = ["builtin", "slirp4netns", "implicit", "gvisor-tap-vsock"] as const;

export const profileSchema = z.object({
  /** Names its arms; lower-case letters, digits, dots and hyphens. */
  name: z
    .string("must be a text")
    .regex(/^[a-z0-9][a-z0-9.-]*$/, "must be lower-case letters, digits, dots and hyphens"),
  /** One line, for reports. */
  title: text,
  engine: engineSourceSchema,
  /** Run by root, without RootlessKit, in a network namespace of its own. Older journals do not say it. */
  rootful: z.boolean().default(false),
  /** User-land proxy, firewall back end, storage driver and address pools are settings of this file. */
  daemonJson: z.record(text, z.unknown()).readonly(),
  /**
   * Null: what `dockerd-rootless.sh` takes by itself. One that is named takes the MTU away that goes with the one
   * taken by itself (65520): most versions of the script then set 1500.
   */
  network: z.enum(NETWORK_DRIVERS).nullable(),
  portDriver: z.enum(PORT_DRIVERS).nullable(),
  /** More than 65521 RootlessKit refuses. */
  mtu: z.int().min(576).max(65_521).nullable(),
  /** Null: the engine's default, which is a detached namespace from 29.5 on. */
  detachNetns: z.boolean().nullable(),
  /**
   * `ip_local_port_range` of the daemon's namespace. `kernel`: as a new namespace has it, which is also the host's,
   * so that connections of the host may hold what the daemon chooses. `own`: apart from the host's and from that of
   * every other engine of this tool.
   */
  portRange: z.union([z.enum(["kernel", "own"]), z.tuple([port, port]).readonly()]),
  /** Other settings of the kernel for the namespace that containers' networks are in: `net.…`, by name. */
  sysctls: z.record(text, text).readonly(),
});
export type Profile = z.infer<typeof profileSchema>;

/** What a profile is where it says nothing. */
export const AS_DOCKER_COMES = {
  engine: { kind: "at-hand" },
  rootful: false,
  daemonJson: {},
  network: null,
  portDriver: null,
  mtu: null,
  detachNetns: null,
  portRange: "kernel",
  sysctls: {},
} as const satisfies Omit<Profile, "name" | "title">;
