/**
 * One way in, measured: its server, its client, and each flow through it, as operations.
 *
 * Nothing is measured at the same time as anything else of the job, so each measurement is a phase.
 */
import {
  containerName,
  createOf,
  JOB_ROLE,
  removalOf,
  targetOf,
  type ContainerWish,
  type JobContext,
  type JobSteps,
} from "../job-context.ts";
import { HOST_NETWORK, type DatapathScenario, type Operation, type Way } from "../model.ts";
import { MODE_RULES } from "../modes.ts";
import { seeded } from "../random.ts";
import { IDLE_COMMAND, IPERF3_PORT, iperf3Command, REDIS_PORT, redisCommand } from "./commands.ts";
import { FLOW_SERVICE, flowStep, PATH_SERVICE, REQUESTS_SERVICE, requestsStep } from "./steps.ts";

/**
 * On the host's network: above the ports of servers outside any container (docker/datapath/host-servers), below those
 * that engines choose from (docker/managed/slot).
 */
const FIRST_HOST_PORT = 10_240;

/** In this order: iperf3 listens by the time that Redis has started. */
const SERVERS = [
  { role: FLOW_SERVICE, port: IPERF3_PORT, commandAt: iperf3Command },
  { role: REQUESTS_SERVICE, port: REDIS_PORT, commandAt: redisCommand },
] as const;
type Server = (typeof SERVERS)[number];

const isOnHost = ({ arm }: JobContext): boolean => arm.mode === "host";

/** Where nothing is published, the harness may have no way to the server: its client is in a container. */
const hasClient = ({ arm }: JobContext): boolean =>
  arm.mode !== "process" && MODE_RULES[arm.mode].publish === null;

const portOf = (job: JobContext, { port }: Server, index: number): number =>
  isOnHost(job) ? FIRST_HOST_PORT + job.index * SERVERS.length + index : port;

/** Instead of what the image set has the image do. */
const createWith = (
  job: JobContext,
  wish: ContainerWish,
  command: readonly string[],
): Operation => {
  const create = createOf(job, isOnHost(job) ? { ...wish, network: HOST_NETWORK } : wish);
  return { ...create, spec: { ...create.spec, command } };
};

const serverSteps = (job: JobContext, server: Server, index: number): readonly Operation[] => {
  const { publish } = MODE_RULES[job.arm.mode];
  const containerPort = portOf(job, server, index);
  const placed = publish?.({
    containerPort,
    job: job.index,
    portIndex: index,
    portsPerJob: SERVERS.length,
  });
  const wish = {
    role: server.role,
    ...(placed === undefined ? {} : { publish: [{ containerPort, ...placed }] }),
  };
  return [
    createWith(job, wish, server.commandAt(containerPort)),
    { kind: "container.start", ...targetOf(job, server.role) },
    ...(placed === undefined
      ? []
      : [{ kind: "container.inspect", ...targetOf(job, server.role) } as const]),
  ];
};

const clientSteps = (job: JobContext): readonly Operation[] => [
  createWith(job, { role: JOB_ROLE, image: FLOW_SERVICE }, IDLE_COMMAND),
  { kind: "container.start", ...targetOf(job, JOB_ROLE) },
];

const FOUR_HEX_DIGITS = 0x1_0000;

/**
 * A /64 of the job's own: of the addresses that are for such use and go by chance.
 *
 * @see RFC 4193, 3.2
 */
const uniqueSubnet = ({ request, id }: JobContext): string => {
  const random = seeded(`${request.run}/${id}`);
  const group = (): string => random.below(FOUR_HEX_DIGITS).toString(16);
  const first = (0xfd00 + random.below(0x100)).toString(16);
  return `${[first, group(), group(), group()].join(":")}::/64`;
};

const networkSteps = (job: JobContext): readonly Operation[] => [
  {
    kind: "network.create",
    network: job.network,
    labels: job.labels,
    // Without it a port is published on IPv4 alone, and nobody takes what comes over `::1`.
    ipv6Subnet: uniqueSubnet(job),
  },
];

const wayTo = (job: JobContext, server: Server, index: number): Way => ({
  mode: job.arm.mode,
  server:
    job.arm.mode === "process"
      ? null
      : { container: containerName(job, server.role), port: portOf(job, server, index) },
  host: server.role,
  client: hasClient(job) ? containerName(job, JOB_ROLE) : null,
});

const measurements = (
  job: JobContext,
  { flows, requests }: DatapathScenario,
): readonly Operation[] => {
  const [toIperf3, toRedis] = SERVERS;
  const [way, requestsWay] = [wayTo(job, toIperf3, 0), wayTo(job, toRedis, 1)];
  return [
    ...flows.map((flow): Operation => ({
      kind: "flow.measure",
      service: FLOW_SERVICE,
      step: flowStep(flow),
      way,
      flow,
    })),
    ...requests.map((each): Operation => ({
      kind: "requests.measure",
      service: REQUESTS_SERVICE,
      step: requestsStep(each),
      way: requestsWay,
      requests: each,
    })),
    // Last: what is asked of iperf3 to see whether it answers is a session to it, and it serves one at a time.
    { kind: "path.look", service: PATH_SERVICE, way },
  ];
};

/** @throws StressError("usage") for an image set without `iperf3` or `redis` */
export const datapathJob = (job: JobContext, scenario: DatapathScenario): JobSteps => {
  const inPhases = (operations: readonly Operation[]): JobSteps["phases"] =>
    operations.map((operation) => [operation]);
  const measured = measurements(job, scenario);
  if (job.arm.mode === "process") return { phases: inPhases(measured), teardown: [] };
  const servers = SERVERS.flatMap((server, index) => serverSteps(job, server, index));
  const roles = SERVERS.map(({ role }) => role);
  return {
    phases: inPhases([
      ...(isOnHost(job) ? [] : networkSteps(job)),
      ...servers,
      ...(hasClient(job) ? clientSteps(job) : []),
      ...measured,
    ]),
    teardown: removalOf(
      job,
      hasClient(job) ? [...roles, JOB_ROLE] : roles,
      isOnHost(job) ? [] : [{ kind: "network.remove", network: job.network }],
    ).filter((phase) => phase.length > 0),
  };
};
