/**
 * The vocabulary: what a run consists of, what it did, and what was answered. Pure, JSON-safe data.
 *
 * A run has blocks; a block has one wave of each arm, in random order; a wave releases N jobs at once;
 * a job performs operations; each operation gets an answer.
 */
import type { Mitigation } from "./mitigations.ts";
import type { Millis } from "./units.ts";

/** How a job reaches its services. */
export const MODES = ["ports", "ports-fixed", "ports-block", "ports-loopback", "noports"] as const;
export type Mode = (typeof MODES)[number];

/** The wire protocol by which a service proves that it is ready. */
type Protocol = "mysql" | "redis" | "clickhouse";

/** One published port: container side as asked for; `hostPort` null lets the daemon choose. */
export interface PortRequest {
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number | null;
}

/** A published port as the daemon reports it after start. */
export interface PortBinding {
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** The parts of a container that a scenario decides. */
export interface ContainerSpec {
  readonly image: string;
  readonly network: string;
  readonly aliases: readonly string[];
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly publish: readonly PortRequest[];
  readonly labels: Readonly<Record<string, string>>;
}

/** From where, and at which address, a service is used. */
export type Access =
  /** By the harness, through the port published for `containerPort` of `container`. */
  | { readonly via: "host"; readonly container: string; readonly containerPort: number }
  /** By the job container on the same network, by name. */
  | {
      readonly via: "job";
      readonly container: string;
      readonly host: string;
      readonly port: number;
    };

/** One step of a job. Names, never ids: all of them are known before anything starts. */
export type Operation =
  | {
      readonly kind: "network.create";
      readonly network: string;
      readonly labels: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "container.create";
      readonly service: string;
      readonly container: string;
      readonly spec: ContainerSpec;
    }
  | { readonly kind: "container.start"; readonly service: string; readonly container: string }
  | { readonly kind: "container.inspect"; readonly service: string; readonly container: string }
  /** Wait until the service answers in its own protocol. */
  | {
      readonly kind: "ready";
      readonly service: string;
      readonly container: string;
      readonly protocol: Protocol;
      readonly access: Access;
    }
  /** Write the job's nonce into the service, read all nonces back, and find only this one. */
  | {
      readonly kind: "identity";
      readonly service: string;
      readonly container: string;
      readonly protocol: Protocol;
      readonly access: Access;
      readonly nonce: string;
    }
  | { readonly kind: "container.remove"; readonly service: string; readonly container: string }
  | { readonly kind: "network.remove"; readonly network: string };

export type OperationKind = Operation["kind"];
/** Asked of the service, not of the daemon. */
export type ProbeOperation = Extract<Operation, { readonly kind: "ready" | "identity" }>;
/** Asked of the daemon, in one call. */
export type CallOperation = Exclude<Operation, ProbeOperation>;

/**
 * What came back. `refused` and `done` are evidence; `unknown` is none: the daemon may have done it.
 */
export type Answer =
  | {
      readonly kind: "done";
      /** The daemon's id of what was created. */
      readonly id?: string;
      readonly bindings?: readonly PortBinding[];
      /** How many times a readiness probe asked before the service answered. */
      readonly attempts?: number;
    }
  | {
      readonly kind: "refused";
      /** Whose words these are: the daemon's, the service's, the socket's, or the harness's own finding. */
      readonly by: "daemon" | "service" | "transport" | "harness";
      /** HTTP status where the daemon spoke. */
      readonly status?: number;
      /** The words, raw and whole. */
      readonly message: string;
    }
  | {
      readonly kind: "unknown";
      readonly reason: "timeout" | "cancelled" | "connection-lost";
      readonly message: string;
    };

/** One combination under test. `id` is unique in the run and stable between runs. */
export interface Arm {
  readonly id: string;
  readonly scenario: string;
  readonly mode: Mode;
  readonly n: number;
  /** The name of a profile of the run; absent where the run has one engine and no profile. */
  readonly profile?: string;
  /** Only where an arm differs in it from its run: see `PlanRequest.ports`. */
  readonly ports?: "all" | "minimal";
  readonly mitigation?: Mitigation;
}

/** Operations of one phase go together; a phase starts when the one before is done, and only then. */
export interface JobPlan {
  readonly id: string;
  readonly phases: readonly (readonly Operation[])[];
  readonly teardown: readonly (readonly Operation[])[];
}

export interface WavePlan {
  /** 1 … number of waves in the run. */
  readonly index: number;
  /** 1 … number of blocks; 0 for a warm-up, which no rate and no time counts. */
  readonly block: number;
  readonly arm: string;
  readonly jobs: readonly JobPlan[];
}

export interface Deadlines {
  /** For one call to the daemon. */
  readonly call: Millis;
  /** From the first probe of a service until it is given up. */
  readonly ready: Millis;
  /** For removing what one wave made. */
  readonly teardown: Millis;
}

export interface Plan {
  readonly run: string;
  readonly seed: string;
  /** Each id once. */
  readonly arms: readonly Arm[];
  readonly waves: readonly WavePlan[];
  readonly deadlines: Deadlines;
  /** At most this many jobs are torn down at once. */
  readonly teardownConcurrency: number;
  readonly keepFailed: boolean;
}

/** Labels on everything the tool creates; cleanup goes by them and by nothing else. */
export const LABEL = {
  run: "rootless-stress.run",
  job: "rootless-stress.job",
  /** The process that made it: tells a live run's objects from a dead run's leftovers. */
  owner: "rootless-stress.owner",
} as const;

/** What of a kind exists, by name (containers, networks) or by the daemon's id (volumes). */
export interface Inventory {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** How one role of a scenario (a service, or `job`) is started from an image. */
export interface ImageUse {
  /** What the daemon is asked for, e.g. `redis:7` or `rootless-stress/redis:debian-1`. */
  readonly reference: string;
  /** Arguments instead of the image's own; null keeps those of the image. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
}

/** One image for each role: `mysql`, `redis`, `clickhouse`, and `job` for the job container. */
export interface ImageSet {
  readonly name: string;
  readonly images: Readonly<Record<string, ImageUse>>;
}

/** One service of a stack, as a CI job would ask for it. */
export interface Service {
  /** Its name on the job's network, its role in an image set, and what reports call it. */
  readonly name: string;
  readonly protocol: Protocol;
  /** The container port that the job itself uses. */
  readonly port: number;
  /** Further ports that the image exposes and `--ports all` publishes. */
  readonly otherPorts: readonly number[];
}

/** What a job consists of, as data. */
export interface Scenario {
  readonly name: string;
  /** One line for `--help` and reports. */
  readonly title: string;
  readonly services: readonly Service[];
}
