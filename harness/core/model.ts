/**
 * The vocabulary: what a run consists of, what it did, and what was answered. Pure, JSON-safe data.
 *
 * A run has blocks; a block has one wave of each arm, in random order; a wave releases N jobs at once;
 * a job performs operations; each operation gets an answer.
 */
import type { Measured } from "./measured.ts";
import type { Mitigation } from "./mitigations.ts";
import type { RunnerName } from "./runners/runner-names.ts";
import type { Millis } from "./units.ts";

/** How a job reaches its services. */
export const MODES = [
  "ports",
  "ports-fixed",
  "ports-block",
  "ports-loopback",
  "noports",
  "host",
  "process",
] as const;
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

/** Docker's name for the network namespace that dockerd is in: RootlessKit's, or the machine's where that is detached. */
export const HOST_NETWORK = "host";

/** The parts of a container that a scenario decides. */
export interface ContainerSpec {
  readonly image: string;
  /** Its name, or `HOST_NETWORK`. */
  readonly network: string;
  readonly aliases: readonly string[];
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly publish: readonly PortRequest[];
  readonly labels: Readonly<Record<string, string>>;
  /** The daemon's own health check of it, where a runner asks for one; absent: the image's. */
  readonly health?: HealthCheck;
  /** Which of its networks gives the default gateway: the highest; engines from 28 on. Absent: the daemon decides. */
  readonly gatewayPriority?: number;
}

/** As `--health-cmd`, `--health-interval` and the others say it. */
export interface HealthCheck {
  /** `CMD` or `CMD-SHELL`, and what follows it. */
  readonly test: readonly string[];
  readonly interval: Millis;
  readonly timeout: Millis;
  readonly retries: number;
  readonly startPeriod: Millis;
}

/** A process that a runner starts where we would make a call. */
export interface CliCommand {
  /** `testcontainers`: a Node process of its own with that library. */
  readonly program: "docker" | "testcontainers";
  readonly args: readonly string[];
  readonly stdin?: string;
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
      /** Without a way out of the engine. */
      readonly internal?: boolean;
      /** IPv6 beside IPv4, in this subnet. */
      readonly ipv6Subnet?: string;
      /** Which of several; absent where a job has one. */
      readonly step?: string;
      readonly cli?: CliCommand;
    }
  /** Attaches a container that is there already, running or not. */
  | {
      readonly kind: "network.connect";
      readonly service: string;
      readonly container: string;
      readonly network: string;
      readonly aliases: readonly string[];
      readonly gatewayPriority?: number;
      readonly step?: string;
    }
  | {
      readonly kind: "container.create";
      readonly service: string;
      readonly container: string;
      readonly spec: ContainerSpec;
      readonly cli?: CliCommand;
    }
  | {
      readonly kind: "container.start";
      readonly service: string;
      readonly container: string;
      readonly cli?: CliCommand;
    }
  | {
      readonly kind: "container.inspect";
      readonly service: string;
      readonly container: string;
      readonly cli?: CliCommand;
    }
  /** A step of a runner that makes nothing: asking for versions, listing, pruning. */
  | {
      readonly kind: "command";
      readonly step: string;
      readonly service?: string;
      readonly cli: CliCommand;
      /** The runner only warns where it fails. */
      readonly tolerant?: boolean;
    }
  /** One process that makes the whole stack and waits for it. */
  | {
      readonly kind: "stack.up";
      readonly cli: CliCommand;
      readonly containers: readonly string[];
      /** What its containers are made from. */
      readonly images: readonly string[];
    }
  /** One process that takes the whole stack down. */
  | {
      readonly kind: "stack.down";
      readonly cli: CliCommand;
      readonly containers: readonly string[];
      readonly networks: readonly string[];
    }
  /** The runner's own wait for what the daemon's health checks say. */
  | {
      readonly kind: "health";
      readonly services: readonly { readonly service: string; readonly container: string }[];
      readonly polling: "github" | "act";
      /** Each poll is a process of the docker CLI. */
      readonly byCli: boolean;
      /** Of the runner's jitter. */
      readonly seed: string;
    }
  /** Waits for a container to end, with exit code 0. */
  | {
      readonly kind: "container.wait";
      readonly service: string;
      readonly container: string;
      /** The runner only warns where it fails. */
      readonly tolerant?: boolean;
    }
  /** Wait until the service answers in its own protocol. */
  | {
      readonly kind: "ready";
      readonly service: string;
      readonly container: string;
      readonly protocol: Protocol;
      readonly access: Access;
      /** The container need not be there yet: another operation of the same phase makes it. */
      readonly awaited?: boolean;
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
  /** The routes of a container; `unmoved`: refused where the default gateway is not the one read before. */
  | {
      readonly kind: "routes.read";
      readonly service: string;
      readonly container: string;
      readonly step: "before" | "after";
      readonly unmoved: boolean;
    }
  /** What the job's programs saw of their connections and requests, from now on and for so long. */
  | {
      readonly kind: "traffic.watch";
      readonly service: string;
      readonly container: string;
      /** The container that makes requests; null: none does. */
      readonly proxy: string | null;
      readonly watchFor: Millis;
    }
  /** What carries the traffic of a way in. */
  | { readonly kind: "path.look"; readonly service: string; readonly way: Way }
  /** One run of iperf3. */
  | {
      readonly kind: "flow.measure";
      readonly service: string;
      readonly step: string;
      readonly way: Way;
      readonly flow: FlowSpec;
    }
  /** Small requests, one after another, over one connection and over a new one each. */
  | {
      readonly kind: "requests.measure";
      readonly service: string;
      readonly step: string;
      readonly way: Way;
      readonly requests: RequestsSpec;
    }
  | {
      readonly kind: "container.remove";
      readonly service: string;
      readonly container: string;
      /** The runner only warns where it fails. */
      readonly tolerant?: boolean;
      readonly cli?: CliCommand;
    }
  | {
      readonly kind: "network.remove";
      readonly network: string;
      readonly step?: string;
      readonly cli?: CliCommand;
    };

/** How a client reaches the server of a way in. */
export interface Way {
  readonly mode: Mode;
  /** Its container; null: the server is a process of this machine. */
  readonly server: { readonly container: string; readonly port: number } | null;
  /** The name by which a container on the same network knows it. */
  readonly host: string;
  /** The container in which the client runs, where it cannot run beside the harness. */
  readonly client: string | null;
}

export interface FlowSpec {
  /** Seen from the server: `ingress` is received by it. */
  readonly direction: "ingress" | "egress";
  readonly connections: number;
  readonly family: 4 | 6;
  readonly duration: Millis;
}

export interface RequestsSpec {
  readonly family: 4 | 6;
  readonly duration: Millis;
}

export type OperationKind = Operation["kind"];
/** Asked of the service, not of the daemon. */
export type ProbeOperation = Extract<Operation, { readonly kind: "ready" | "identity" }>;
/** Takes its time, and brings data. */
export type MeasureOperation = Extract<
  Operation,
  {
    readonly kind:
      "routes.read" | "traffic.watch" | "path.look" | "flow.measure" | "requests.measure";
  }
>;
/** What runners do beside calls. */
export type RunnerOperation = Extract<
  Operation,
  { readonly kind: "command" | "stack.up" | "stack.down" | "health" }
>;
/** Asked of the daemon, in one call (or in one process in its place). */
export type CallOperation = Exclude<Operation, ProbeOperation | MeasureOperation | RunnerOperation>;

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
      readonly measured?: Measured;
    }
  | {
      readonly kind: "refused";
      /** Whose words these are: the daemon's, the service's, the socket's, or the harness's own finding. */
      readonly by: "daemon" | "service" | "transport" | "harness";
      /** HTTP status where the daemon spoke. */
      readonly status?: number;
      /** The words, raw and whole. */
      readonly message: string;
      /** What was seen all the same, or is what was refused. */
      readonly measured?: Measured;
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
  /** Whose calls these are; absent: ours. */
  readonly runner?: RunnerName;
  /** One of the scenario's own variants; absent where it has none. */
  readonly variant?: string;
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

/** Services that a job starts, waits for and uses. */
export interface StackScenario {
  readonly kind: "stacks";
  readonly name: string;
  /** One line for `--help` and reports. */
  readonly title: string;
  readonly services: readonly Service[];
}

/** A network of a routes job, by the end of its name: what stands before is the same for all of a job's. */
export interface NamedNetwork {
  readonly name: string;
  readonly internal: boolean;
  /** Null: none is asked for. */
  readonly gatewayPriority: number | null;
}

/** Which networks a container gets, and in which order. */
export interface RoutesVariant {
  readonly name: string;
  readonly title: string;
  /** The network on which the application starts and becomes healthy. */
  readonly first: NamedNetwork;
  /** The one that it is attached to while it lives; null: none. */
  readonly attached: NamedNetwork | null;
  /** The first engine that knows what this asks for, as an API version; null: any. */
  readonly needsApi: string | null;
}

/** A container that is attached to a second network while its connections are open. */
export interface RoutesScenario {
  readonly kind: "routes";
  readonly name: string;
  readonly title: string;
  readonly variants: readonly RoutesVariant[];
  /** How long connections and requests are watched after the attach. */
  readonly watchFor: Millis;
}

/** The cost of each way to a server. */
export interface DatapathScenario {
  readonly kind: "datapath";
  readonly name: string;
  readonly title: string;
  readonly flows: readonly FlowSpec[];
  readonly requests: readonly RequestsSpec[];
}

/** What a job consists of, as data. */
export type Scenario = StackScenario | RoutesScenario | DatapathScenario;
