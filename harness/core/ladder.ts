/**
 * The ladder: what can be done about failures, each rung as an arm, and what it costs whoever does it.
 */
import type { Mitigation } from "./mitigations.ts";
import type { ArmSpec } from "./plan-request.ts";

export const RUNG_NAMES = [
  "nothing",
  "disjoint-range",
  "wide-pools",
  "retry",
  "loopback",
  "fewer-ports",
  "serialise",
  "lock-file",
  "ports-block",
  "noports",
] as const;
export type RungName = (typeof RUNG_NAMES)[number];

/** What a rung changes of the arm of doing nothing. */
type Change = Partial<Omit<ArmSpec, "n" | "profile">>;

interface Rung {
  readonly title: string;
  /** A built-in profile; `default`: the engine as Docker comes. */
  readonly profile: string;
  readonly change: (options: { readonly retries: number; readonly lockFile: string }) => Change;
  /** What whoever does it pays, in a few words. */
  readonly cost: string;
  /** What it leaves as it was, or makes worse; null where there is nothing to say. */
  readonly but: string | null;
  /** What to do, in the imperative. */
  readonly advice: string;
}

const unchanged = (): Change => ({});

/**
 * In the order of what they cost: first what is set once in the engine and no job knows of, then what every job's
 * starter has to do, at last what changes the jobs. The order is a judgement, and the advice goes by it.
 */
export const RUNGS: Readonly<Record<RungName, Rung>> = {
  nothing: {
    title: "dynamic ports, all at once",
    profile: "default",
    change: unchanged,
    cost: "nothing",
    but: null,
    advice: "leave it as it is",
  },
  "disjoint-range": {
    title: "the daemon's dynamic ports apart from the host's",
    profile: "disjoint-port-range",
    change: unchanged,
    cost: "one setting of the engine, and its restart",
    but: "listeners in the daemon's range are still in the way, and so is a second engine with the same range",
    advice:
      "give the daemon's namespace an ip_local_port_range that the host's does not meet (stress advise --emit systemd)",
  },
  "wide-pools": {
    title: "address pools for 1024 networks",
    profile: "wide-pools",
    change: unchanged,
    cost: "one setting of the engine, and its restart",
    but: "it takes addresses of 10.200.0.0/14, and no port is concerned",
    advice: "set default-address-pools in daemon.json (stress advise --emit daemon.json)",
  },
  retry: {
    title: "a refused container is removed, created and started again",
    profile: "default",
    change: ({ retries }) => ({ mitigation: { kind: "retry", times: retries } }),
    cost: "a loop in whatever starts the jobs",
    but: "each try costs time, and a cause that stays is hidden until no try is left",
    advice:
      "have whatever starts the containers remove one that was refused a dynamic port, and create and start it again",
  },
  loopback: {
    title: "published on 127.0.0.1 only",
    profile: "default",
    change: () => ({ mode: "ports-loopback" }),
    cost: "no access from other machines",
    but: "the port is still one of the host's",
    advice: "publish as 127.0.0.1::PORT",
  },
  "fewer-ports": {
    title: "only the port that is used, of each service",
    profile: "default",
    change: () => ({ ports: "minimal" }),
    cost: "knowing which ports are used",
    but: "the others cannot be reached from the host, and each that is published can still fail",
    advice: "publish one port of each service instead of all that its image exposes",
  },
  serialise: {
    title: "one network create at a time, in one process",
    profile: "default",
    change: () => ({ mitigation: { kind: "serialise" } }),
    cost: "one process that starts all jobs",
    but: "the last job waits for the networks of all others, and no port is concerned",
    advice: "create networks one after the other where one process starts the jobs",
  },
  "lock-file": {
    title: "one network create at a time, by flock",
    profile: "default",
    change: ({ lockFile }) => ({ mitigation: lockOn(lockFile) }),
    cost: "a shim before docker in every job",
    but: "it is a process more for each network, the last job waits for all others, and no port is concerned",
    advice: "put flock around docker network create in every job",
  },
  "ports-block": {
    title: "a block of fixed ports for each job",
    profile: "default",
    change: () => ({ mode: "ports-block" }),
    cost: "a number for each job, and a range kept free",
    but: "whoever else uses a port of the range fails a job every time",
    advice:
      "publish fixed ports, counted up by the job's number, outside of the host's ephemeral range",
  },
  noports: {
    title: "nothing published: the job in a container",
    profile: "default",
    change: () => ({ mode: "noports" }),
    cost: "an image with every tool of the job",
    but: "what must be reached from the host stays outside",
    advice:
      "run the job in a container on the services' network, and publish nothing (stress advise --emit workflow)",
  },
};

const lockOn = (path: string): Mitigation => ({ kind: "lock-file", path });

export interface LadderOptions {
  /** In any order; `nothing` is climbed in any case. */
  readonly rungs: readonly RungName[];
  readonly n: number;
  readonly retries: number;
  readonly lockFile: string;
  /** False for an engine that is there already: then only what needs no other one is climbed. */
  readonly ownEngine: boolean;
}

/** A rung with the arm that is it. */
export interface LadderArm {
  readonly rung: RungName;
  readonly arm: ArmSpec;
}

/** The rungs as arms, the cheapest first; all of them differ from the first in one thing. */
export const ladderArms = (options: LadderOptions): readonly LadderArm[] =>
  RUNG_NAMES.flatMap((rung) => {
    const { profile, change } = RUNGS[rung];
    if (rung !== "nothing" && !options.rungs.includes(rung)) return [];
    if (profile !== "default" && !options.ownEngine) return [];
    const own = options.ownEngine ? { profile } : {};
    return [{ rung, arm: { mode: "ports", n: options.n, ...own, ...change(options) } }];
  });
