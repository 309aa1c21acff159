/**
 * A stack as actions/runner starts it for a job's `services:`, and its `container:` where it has one: docker CLI
 * processes, one after another, none of them tried again.
 *
 * Three things differ from what the runner types. Our names stand for the ids that `docker create` prints. Images
 * that no registry has are inspected instead of pulled: a process with one call in either case. And in the job
 * container the program that uses the services stands for `tail -f /dev/null`.
 *
 * @see actions/runner 258d6c8, src/Runner.Worker/ContainerOperationProvider.cs (StartContainersAsync) and
 * src/Runner.Worker/Container/DockerCommandManager.cs
 */
import { createOf, JOB_ROLE, targetOf, type JobSteps } from "../job-context.ts";
import type { Operation } from "../model.ts";
import { isUsedByHost, jobOrder, usesOf, type StackJob } from "../stack-job.ts";
import { byCli, commandOperation } from "./by-cli.ts";
import { createChecked } from "./service-container.ts";

/**
 * Stands for the label by which a runner knows its own leftovers. Each job has a value of its own, as each ephemeral
 * runner has: pruning by it takes no other job's network.
 */
const INSTANCE_LABEL = "rootless-stress.runner";

/** Images of ours are in no registry. */
const OWN_IMAGE = /^rootless-stress\//;

/** Versions, leftovers, network: what comes before the first container. */
const before = (job: StackJob): readonly Operation[] => {
  const filter = `label=${INSTANCE_LABEL}=${job.network}`;
  return [
    commandOperation("server version", ["version", "--format", "{{.Server.APIVersion}}"]),
    commandOperation("client version", ["version", "--format", "{{.Client.APIVersion}}"]),
    commandOperation("leftovers", [
      ...["ps", "--all", "--quiet", "--no-trunc", "--filter", filter],
    ]),
    commandOperation("prune", ["network", "prune", "--force", "--filter", filter], {
      tolerant: true,
    }),
    byCli({ kind: "network.create", network: job.network, labels: job.labels }),
  ];
};

type Create = ReturnType<typeof createOf>;

/** Five processes a container; the last one tells what the runner wants to know of it. */
const started = (create: Create, last: Operation): readonly Operation[] => {
  const { service, container, spec } = create;
  const fetch = OWN_IMAGE.test(spec.image) ? ["image", "inspect"] : ["pull"];
  return [
    commandOperation("image", [...fetch, spec.image], { service }),
    byCli(create),
    byCli({ kind: "container.start", service, container }),
    commandOperation(
      "running",
      [
        ...["ps", "--all", "--filter", `name=^${container}$`, "--filter", "status=running"],
        ...["--no-trunc", "--format", "{{.ID}} {{.Status}}"],
      ],
      { service, tolerant: true },
    ),
    last,
  ];
};

const startedJob = (job: StackJob): readonly Operation[] => {
  const create = createOf(job, { role: JOB_ROLE, arguments: [jobOrder(job)] });
  const format = "{{range .Config.Env}}{{println .}}{{end}}";
  return started(
    create,
    commandOperation("environment", ["inspect", "--format", format, create.container], {
      service: JOB_ROLE,
    }),
  );
};

const startedServices = (job: StackJob): readonly Operation[] =>
  job.services.flatMap((service) => {
    const target = targetOf(job, service.name);
    // Asked of every service, published or not.
    const ports = byCli({ kind: "container.inspect", ...target }, ["port", target.container]);
    return started(createChecked(job, service), ports);
  });

/** Anonymous volumes stay: the runner does not ask for their removal. */
const ended = (job: StackJob, role: string): readonly Operation[] => {
  const target = targetOf(job, role);
  const { service, container } = target;
  return [
    ...(role === JOB_ROLE
      ? []
      : [commandOperation("logs", ["logs", "--details", container], { service, tolerant: true })]),
    byCli({ kind: "container.remove", ...target }, ["rm", "--force", container]),
  ];
};

/** With published ports, or with a job container and none. */
export const githubJob = (given: StackJob): JobSteps => {
  const job = { ...given, labels: { ...given.labels, [INSTANCE_LABEL]: given.network } };
  const inContainer = !isUsedByHost(job);
  const services = job.services.map(({ name }) => name);
  const roles = inContainer ? [JOB_ROLE, ...services] : services;
  const { ready, identity } = usesOf(job);
  const health: Operation = {
    kind: "health",
    services: services.map((name) => targetOf(job, name)),
    polling: "github",
    byCli: true,
    seed: `${job.request.seed}-${job.id}`,
  };
  const up = [...before(job), ...(inContainer ? startedJob(job) : []), ...startedServices(job)];
  const down = [
    ...roles.flatMap((role) => ended(job, role)),
    byCli({ kind: "network.remove", network: job.network }),
  ];
  return {
    phases: [...up.map((operation) => [operation]), [health, ...ready], identity],
    teardown: down.map((operation) => [operation]),
  };
};
