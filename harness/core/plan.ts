/**
 * From what was asked for to every operation of every job, as data. The same request gives the same plan.
 */
import { StressError } from "./errors.ts";
import type {
  Access,
  Arm,
  ImageSet,
  ImageUse,
  JobPlan,
  Operation,
  Plan,
  PortRequest,
  Service,
  WavePlan,
} from "./model.ts";
import { armOf, crossed } from "./arms.ts";
import { LABEL } from "./model.ts";
import type { PlanRequest } from "./plan-request.ts";
import { BLOCK_FIRST_PORT, BLOCK_LAST_PORT, MODE_RULES } from "./modes.ts";
import { seeded, shuffled } from "./random.ts";

/** Plan and journal of a run are in memory: about 20 kB a job. */
export const MOST_JOBS = 50_000;

/** The role of the container from which a job without published ports uses its services. */
export const JOB_ROLE = "job";

const publishedPorts = (service: Service, ports: PlanRequest["ports"]): readonly number[] =>
  ports === "all" ? [service.port, ...service.otherPorts] : [service.port];

const chosenServices = ({ scenario, services }: PlanRequest): readonly Service[] => {
  const known = scenario.services.map((service) => service.name);
  const stranger = services.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new StressError(
      "usage",
      `--services: scenario ${scenario.name} has no "${stranger}"; it has ${known.join(", ")}`,
    );
  }
  return scenario.services.filter(({ name }) => services.length === 0 || services.includes(name));
};

const imageOf = (images: ImageSet, role: string): ImageUse => {
  const image = images.images[role];
  if (image !== undefined) return image;
  throw new StressError("usage", `--images: set ${images.name} names no image for "${role}"`);
};

/** What all containers and networks of one job have in common. */
interface JobContext {
  readonly request: PlanRequest;
  readonly arm: Arm;
  readonly services: readonly Service[];
  readonly id: string;
  /** 0 … N−1 within the wave. */
  readonly index: number;
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
}

const containerName = (job: JobContext, role: string): string => `${job.network}-${role}`;

const portRequests = (job: JobContext, service: Service): readonly PortRequest[] => {
  const { publish } = MODE_RULES[job.arm.mode];
  const ports = job.arm.ports ?? job.request.ports;
  if (publish === null) return [];
  const perService = job.services.map((each) => publishedPorts(each, ports));
  const before = perService.slice(0, job.services.indexOf(service)).flat().length;
  const portsPerJob = perService.flat().length;
  return publishedPorts(service, ports).map((containerPort, offset) => ({
    containerPort,
    ...publish({ containerPort, job: job.index, portIndex: before + offset, portsPerJob }),
  }));
};

const createOf = (
  job: JobContext,
  role: string,
  more: { readonly publish: readonly PortRequest[]; readonly arguments: readonly string[] },
): Operation => {
  const image = imageOf(job.request.images, role);
  return {
    kind: "container.create",
    service: role,
    container: containerName(job, role),
    spec: {
      image: image.reference,
      network: job.network,
      aliases: [role],
      // Without a command of the set's own, arguments go to the image's entrypoint, as with `docker run`.
      command:
        image.command === null && more.arguments.length === 0
          ? null
          : [...(image.command ?? []), ...more.arguments],
      env: image.env,
      publish: more.publish,
      labels: job.labels,
    },
  };
};

const nonceOf = (job: JobContext): string => `${job.request.run}-${job.id}`;

/** What the job container is told to do; read by docker/probe/job-main. */
const jobOrder = (job: JobContext): string =>
  JSON.stringify({
    deadlineMs: job.request.deadlines.ready,
    nonce: nonceOf(job),
    services: job.services.map(({ name, protocol, port }) => ({
      service: name,
      protocol,
      host: name,
      port,
    })),
  });

const accessOf = (job: JobContext, service: Service): Access =>
  MODE_RULES[job.arm.mode].access === "host"
    ? {
        via: "host",
        container: containerName(job, service.name),
        containerPort: service.port,
      }
    : {
        via: "job",
        container: containerName(job, JOB_ROLE),
        host: service.name,
        port: service.port,
      };

/** In the order of a CI runner: network, each service created and started, all ready, then used. */
const phasesOf = (job: JobContext): JobPlan["phases"] => {
  const byHost = MODE_RULES[job.arm.mode].access === "host";
  const target = (service: Service) => ({
    service: service.name,
    container: containerName(job, service.name),
  });
  const started = job.services.flatMap((service): Operation[] => [
    createOf(job, service.name, { publish: portRequests(job, service), arguments: [] }),
    { kind: "container.start", ...target(service) },
    // The daemon chooses ports at start: asking is how a runner learns them (`docker port`).
    ...(byHost ? [{ kind: "container.inspect", ...target(service) } as const] : []),
  ]);
  const jobContainer: Operation[] = byHost
    ? []
    : [
        createOf(job, JOB_ROLE, { publish: [], arguments: [jobOrder(job)] }),
        {
          kind: "container.start",
          service: JOB_ROLE,
          container: containerName(job, JOB_ROLE),
        },
      ];
  const uses = job.services.map((service) => ({
    ...target(service),
    protocol: service.protocol,
    access: accessOf(job, service),
  }));
  return [
    [{ kind: "network.create", network: job.network, labels: job.labels }],
    ...[...started, ...jobContainer].map((operation) => [operation]),
    uses.map((use): Operation => ({ kind: "ready", ...use })),
    uses.map((use): Operation => ({ kind: "identity", ...use, nonce: nonceOf(job) })),
  ];
};

const teardownOf = (job: JobContext): JobPlan["teardown"] => {
  const roles = job.services.map(({ name }) => name);
  if (MODE_RULES[job.arm.mode].access === "job") roles.push(JOB_ROLE);
  return [
    roles.map((role): Operation => ({
      kind: "container.remove",
      service: role,
      container: containerName(job, role),
    })),
    [{ kind: "network.remove", network: job.network }],
  ];
};

const refuseTooManyBlocks = (
  request: PlanRequest,
  arms: readonly Arm[],
  services: readonly Service[],
): void => {
  for (const { mode, n, ports = request.ports } of arms) {
    if (mode !== "ports-block") continue;
    const perJob = services.flatMap((service) => publishedPorts(service, ports)).length;
    const room = Math.floor((BLOCK_LAST_PORT - BLOCK_FIRST_PORT + 1) / perJob);
    if (n <= room) continue;
    throw new StressError(
      "usage",
      `--mode ports-block: at ${String(perJob)} ports a job, ports ${String(BLOCK_FIRST_PORT)}–` +
        `${String(BLOCK_LAST_PORT)} hold ${String(room)} jobs, not ${String(n)}`,
    );
  }
};

const armsOf = ({ arms, modes, ns, scenario }: PlanRequest): readonly Arm[] =>
  (arms ?? crossed({ profiles: [], modes, ns, mitigations: [] })).map((spec) =>
    armOf(spec, scenario.name),
  );

/** Of each profile the arm with the most jobs: it touches all that the others do. */
const toWarmUp = (arms: readonly Arm[]): readonly Arm[] => {
  const largest = new Map<string | undefined, Arm>();
  for (const arm of arms) {
    const before = largest.get(arm.profile);
    if (before === undefined || arm.n > before.n) largest.set(arm.profile, arm);
  }
  return [...largest.values()];
};

/**
 * Lays out a run: blocks of one wave of each arm, the arms of a block in seeded random order.
 *
 * @throws StressError("usage") for a service, an image or a number of jobs that cannot be had
 */
export const plan = (request: PlanRequest): Plan => {
  const services = chosenServices(request);
  const arms = armsOf(request);
  refuseTooManyBlocks(request, arms, services);
  const random = seeded(request.seed);
  const jobOf = (arm: Arm, wave: number, index: number): JobPlan => {
    const digits = String(arm.n).length;
    const id = `w${String(wave)}j${String(index + 1).padStart(digits, "0")}`;
    const job: JobContext = {
      request,
      arm,
      services,
      id,
      index,
      network: `stress-${request.run}-${id}`,
      labels: {
        [LABEL.run]: request.run,
        [LABEL.job]: id,
        [LABEL.owner]: request.owner,
      },
    };
    return { id, phases: phasesOf(job), teardown: teardownOf(job) };
  };
  const warmups = Array.from({ length: request.warmups ?? 0 }, () => toWarmUp(arms));
  const blocks = Array.from({ length: request.waves }, () => shuffled(arms, random));
  const order = [
    ...warmups.flatMap((round) => round.map((arm) => ({ arm, block: 0 }))),
    ...blocks.flatMap((block, index) => block.map((arm) => ({ arm, block: index + 1 }))),
  ];
  const waves = order.map(({ arm, block }, position): WavePlan => {
    const index = position + 1;
    return {
      index,
      block,
      arm: arm.id,
      jobs: Array.from({ length: arm.n }, (_, job) => jobOf(arm, index, job)),
    };
  });
  return {
    run: request.run,
    seed: request.seed,
    arms,
    waves,
    deadlines: request.deadlines,
    teardownConcurrency: request.teardownConcurrency,
    keepFailed: request.keepFailed,
  };
};
