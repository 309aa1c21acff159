/**
 * A stack as a shell script with the docker CLI starts it, and as the first seed's harness did: a network, then each
 * service created and started. It does not wait for the services: that they have started is all it asks.
 */
import { createOf, JOB_ROLE, targetOf, type JobSteps } from "../job-context.ts";
import type { Operation } from "../model.ts";
import { isUsedByHost, jobOrder, portRequests, usesOf, type StackJob } from "../stack-job.ts";
import { byCli } from "./by-cli.ts";

export const cliJob = (job: StackJob): JobSteps => {
  const byHost = isUsedByHost(job);
  const started = job.services.flatMap((service): Operation[] => {
    const target = targetOf(job, service.name);
    return [
      byCli(createOf(job, { role: service.name, publish: portRequests(job, service) })),
      byCli({ kind: "container.start", ...target }),
      ...(byHost
        ? [byCli({ kind: "container.inspect", ...target }, ["port", target.container])]
        : []),
    ];
  });
  const jobContainer = byHost
    ? []
    : [
        byCli(createOf(job, { role: JOB_ROLE, arguments: [jobOrder(job)] })),
        byCli({ kind: "container.start", ...targetOf(job, JOB_ROLE) }),
      ];
  const { ready, identity } = usesOf(job);
  const roles = [...job.services.map(({ name }) => name), ...(byHost ? [] : [JOB_ROLE])];
  return {
    phases: [
      [byCli({ kind: "network.create", network: job.network, labels: job.labels })],
      ...[...started, ...jobContainer].map((operation) => [operation]),
      ready,
      identity,
    ],
    // One after another, as a script does without `&`.
    teardown: [
      ...roles.map((role) => [byCli({ kind: "container.remove", ...targetOf(job, role) })]),
      [byCli({ kind: "network.remove", network: job.network })],
    ],
  };
};
