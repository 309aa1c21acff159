/**
 * A stack's life call for call, as the harness itself makes the calls: the runner `api`.
 */
import type { Access, Operation, PortRequest, Service } from "./model.ts";
import {
  containerName,
  createOf,
  JOB_ROLE,
  nonceOf,
  removalOf,
  targetOf,
  type JobContext,
  type JobSteps,
} from "./job-context.ts";
import { BLOCK_FIRST_PORT, MODE_RULES } from "./modes.ts";
import type { PlanRequest } from "./plan-request.ts";

export interface StackJob extends JobContext {
  readonly services: readonly Service[];
}

/** Container ports of a service that a job publishes. */
export const publishedPorts = (service: Service, ports: PlanRequest["ports"]): readonly number[] =>
  ports === "all" ? [service.port, ...service.otherPorts] : [service.port];

export const portRequests = (job: StackJob, service: Service): readonly PortRequest[] => {
  const { publish } = MODE_RULES[job.arm.mode];
  const ports = job.arm.ports ?? job.request.ports;
  if (publish === null) return [];
  const perService = job.services.map((each) => publishedPorts(each, ports));
  const before = perService.slice(0, job.services.indexOf(service)).flat().length;
  const portsPerJob = perService.flat().length;
  return publishedPorts(service, ports).map((containerPort, offset) => ({
    containerPort,
    ...publish({
      ...{ containerPort, job: job.index, portIndex: before + offset, portsPerJob },
      firstBlockPort: job.request.firstBlockPort ?? BLOCK_FIRST_PORT,
    }),
  }));
};

/** True where the harness uses the services, through published ports. */
export const isUsedByHost = ({ arm }: JobContext): boolean =>
  MODE_RULES[arm.mode].access === "host";

/** What the job container is told to do; read by docker/probe/job-main. */
export const jobOrder = (job: StackJob): string =>
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

const accessOf = (job: StackJob, service: Service): Access =>
  isUsedByHost(job)
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

/** Whether the services answer, and then whether they are this job's: the same for every runner. */
export const usesOf = (
  job: StackJob,
): { readonly ready: readonly Operation[]; readonly identity: readonly Operation[] } => {
  const uses = job.services.map((service) => ({
    ...targetOf(job, service.name),
    protocol: service.protocol,
    access: accessOf(job, service),
  }));
  return {
    ready: uses.map((use): Operation => ({ kind: "ready", ...use })),
    identity: uses.map((use): Operation => ({ kind: "identity", ...use, nonce: nonceOf(job) })),
  };
};

/** In the order of a CI runner: network, each service created and started, all ready, then used. */
export const stackJob = (job: StackJob): JobSteps => {
  const byHost = isUsedByHost(job);
  const started = job.services.flatMap((service): Operation[] => [
    createOf(job, { role: service.name, publish: portRequests(job, service) }),
    { kind: "container.start", ...targetOf(job, service.name) },
    // The daemon chooses ports at start: asking is how a runner learns them (`docker port`).
    ...(byHost ? [{ kind: "container.inspect", ...targetOf(job, service.name) } as const] : []),
  ]);
  const jobContainer: Operation[] = byHost
    ? []
    : [
        createOf(job, { role: JOB_ROLE, arguments: [jobOrder(job)] }),
        { kind: "container.start", ...targetOf(job, JOB_ROLE) },
      ];
  const { ready, identity } = usesOf(job);
  const roles = job.services.map(({ name }) => name);
  return {
    phases: [
      [{ kind: "network.create", network: job.network, labels: job.labels }],
      ...[...started, ...jobContainer].map((operation) => [operation]),
      ready,
      identity,
    ],
    teardown: removalOf(job, byHost ? roles : [...roles, JOB_ROLE], [
      { kind: "network.remove", network: job.network },
    ]),
  };
};
