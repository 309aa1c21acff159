/**
 * A container that is attached to a second network while its connections are open, as operations.
 */
import { StressError } from "../errors.ts";
import {
  createOf,
  imageOf,
  JOB_ROLE,
  nonceOf,
  removalOf,
  targetOf,
  containerName,
  type ContainerWish,
  type JobContext,
  type JobSteps,
} from "../job-context.ts";
import {
  HOST_NETWORK,
  type NamedNetwork,
  type Operation,
  type RoutesScenario,
  type RoutesVariant,
} from "../model.ts";
import { millis } from "../units.ts";
import { programCommand, redisCommand, type RoutesOrders, type RoutesProgram } from "./orders.ts";

/** What the containers of a job are called on their networks and in reports. */
const APP = "app";
const PROXY = "proxy";
/** On the host's network: what the app reaches through its default gateway alone. */
const OUTSIDE = "outside";
const REDIS = "redis";

const APP_PORT = 8080;

/**
 * On the host's network each job has two ports of its own: below those that engines choose from
 * (docker/managed/slot), and where the local ports of probes are, of which this scenario has none.
 */
const FIRST_HOST_PORT = 10_240;
const LAST_HOST_PORT = 13_311;
const HOST_PORTS = 2;

const EVERY_MS = 100;

/** An internal network leads nowhere: connections that cannot be are waited for in every job of its arm. */
const PATIENCE = millis(10_000);

/** @throws StressError("usage") for an arm whose variant the scenario does not have */
const variantOf = (
  { variants, name }: RoutesScenario,
  wanted: string | undefined,
): RoutesVariant => {
  const variant = variants.find((each) => each.name === wanted);
  if (variant !== undefined) return variant;
  throw new StressError(
    "usage",
    `--variant: scenario ${name} has no "${wanted ?? ""}"; it has ${variants.map((each) => each.name).join(", ")}`,
  );
};

/** What stands before it is the same for all of a job's, so that they sort as these names do. */
const networkName = (
  { network }: Pick<JobContext, "network">,
  { name }: Pick<NamedNetwork, "name">,
): string => `${network}-${name}`;

interface HostPorts {
  readonly outside: number;
  readonly redis: number;
}

/** @throws StressError("usage") for more jobs than there are ports */
const hostPorts = ({ arm, index }: JobContext): HostPorts => {
  const outside = FIRST_HOST_PORT + index * HOST_PORTS;
  if (outside + HOST_PORTS - 1 <= LAST_HOST_PORT) return { outside, redis: outside + 1 };
  const room = Math.floor((LAST_HOST_PORT - FIRST_HOST_PORT + 1) / HOST_PORTS);
  throw new StressError(
    "usage",
    `--n ${String(arm.n)}: scenario ${arm.scenario} has ports for ${String(room)} jobs at once`,
  );
};

const ordersOf = (job: JobContext): RoutesOrders => {
  const { outside, redis } = hostPorts(job);
  return {
    outside: { port: outside, redisPort: redis, nonce: nonceOf(job), everyMs: EVERY_MS },
    app: {
      service: APP,
      port: APP_PORT,
      outsidePort: outside,
      redisPort: redis,
      hosts: job.request.hostAddresses ?? [],
      nonce: nonceOf(job),
      everyMs: EVERY_MS,
      patienceMs: Math.min(PATIENCE, job.request.deadlines.ready / 2),
    },
    proxy: { host: APP, port: APP_PORT, everyMs: EVERY_MS },
  };
};

/** Instead of what the image set has the image do. */
const withCommand = (
  job: JobContext,
  wish: ContainerWish,
  command: readonly string[],
): readonly Operation[] => {
  const create = createOf(job, wish);
  return [
    { ...create, spec: { ...create.spec, command } },
    { kind: "container.start", ...targetOf(job, wish.role) },
  ];
};

/** @throws StressError("usage") for an image set whose job container is not this tool's */
const commandOf = (job: JobContext, program: RoutesProgram): readonly string[] => {
  const { images } = job.request;
  const command = programCommand(
    imageOf(images, JOB_ROLE).command,
    program,
    ordersOf(job)[program],
  );
  if (command !== null) return command;
  throw new StressError(
    "usage",
    `--images: the job container of set ${images.name} does not run this tool's probe, and scenario ${job.arm.scenario} needs it`,
  );
};

const programSteps = (
  job: JobContext,
  program: RoutesProgram,
  wish: Pick<ContainerWish, "network" | "gatewayPriority">,
): readonly Operation[] =>
  withCommand(job, { role: program, image: JOB_ROLE, ...wish }, commandOf(job, program));

/** Which of a job's networks. */
type Place = "first" | "attached";

const networkSteps = (
  job: JobContext,
  network: NamedNetwork,
  step: Place,
): readonly Operation[] => [
  {
    kind: "network.create",
    network: networkName(job, network),
    labels: job.labels,
    step,
    ...(network.internal ? { internal: true } : {}),
  },
];

const priorityOf = ({ gatewayPriority }: NamedNetwork): { readonly gatewayPriority?: number } =>
  gatewayPriority === null ? {} : { gatewayPriority };

const readRoutes = (job: JobContext, step: "before" | "after"): Operation => ({
  kind: "routes.read",
  ...targetOf(job, APP),
  step,
  unmoved: step === "after",
});

const attachStep = (job: JobContext, { attached }: RoutesVariant): readonly Operation[] =>
  attached === null
    ? []
    : [
        {
          kind: "network.connect",
          ...targetOf(job, APP),
          network: networkName(job, attached),
          aliases: [APP],
          ...priorityOf(attached),
        },
      ];

/**
 * In the order of the seed's deployment: the application on its first network, its connections open; the proxy on the
 * network that it is then attached to; the attach.
 *
 * @throws StressError("usage") for an image set without `redis`, or without this tool's job container
 */
export const routesJob = (job: JobContext, scenario: RoutesScenario): JobSteps => {
  const variant = variantOf(scenario, job.arm.variant);
  const { first, attached } = variant;
  const networks = [
    { network: first, step: "first" },
    ...(attached === null ? [] : [{ network: attached, step: "attached" } as const]),
  ] as const;
  const onHost = { network: HOST_NETWORK };
  const started = [
    ...withCommand(job, { role: REDIS, ...onHost }, redisCommand(hostPorts(job).redis)),
    ...programSteps(job, OUTSIDE, onHost),
    ...programSteps(job, APP, { network: networkName(job, first), ...priorityOf(first) }),
    ...programSteps(job, PROXY, { network: networkName(job, attached ?? first) }),
  ];
  const ready: Operation = {
    kind: "ready",
    ...targetOf(job, APP),
    // It says so itself, when its connections stand.
    protocol: "redis",
    access: { via: "job", container: containerName(job, APP), host: APP, port: APP_PORT },
  };
  const inPhases: readonly Operation[] = [
    ...networks.flatMap(({ network, step }) => networkSteps(job, network, step)),
    ...started,
    ready,
    readRoutes(job, "before"),
    ...attachStep(job, variant),
  ];
  return {
    phases: [
      ...inPhases.map((operation) => [operation]),
      [
        readRoutes(job, "after"),
        {
          kind: "traffic.watch",
          ...targetOf(job, APP),
          proxy: containerName(job, PROXY),
          watchFor: scenario.watchFor,
        },
      ],
    ],
    teardown: removalOf(
      job,
      [REDIS, OUTSIDE, APP, PROXY],
      networks.map(({ network, step }) => ({
        kind: "network.remove",
        network: networkName(job, network),
        step,
      })),
    ),
  };
};
