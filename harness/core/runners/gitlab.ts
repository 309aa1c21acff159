/**
 * A stack as the GitLab runner's docker executor starts it with a network for each build: calls of the Engine API,
 * services one after another and without published ports, then a container for each that waits for it, then the
 * build's own.
 *
 * Left out: asking for the new network, which changes nothing, and pulling by policy, since the images are there.
 * A waiting container is created, started, awaited and removed in one go, beside those of the other services; here
 * each of these steps waits for all services. Whether services are ready is first seen by the build container, after
 * the runner's own wait.
 *
 * @see gitlab-runner d79f3e7, executors/docker/services.go, commands/helpers/health_check.go
 */
import { createOf, JOB_ROLE, removalOf, targetOf, type JobSteps } from "../job-context.ts";
import type { Operation } from "../model.ts";
import { jobOrder, usesOf, type StackJob } from "../stack-job.ts";
import { createWaiting, waitRole } from "./wait-container.ts";

export const gitlabJob = (job: StackJob): JobSteps => {
  const { services } = job;
  const started = services.flatMap(({ name }): Operation[] => [
    createOf(job, { role: name }),
    { kind: "container.start", ...targetOf(job, name) },
    { kind: "container.inspect", ...targetOf(job, name) },
  ]);
  const waiting = services.map((service) => targetOf(job, waitRole(service)));
  const { ready, identity } = usesOf(job);
  const roles = [...services.map(({ name }) => name), ...services.map(waitRole), JOB_ROLE];
  return {
    phases: [
      [{ kind: "network.create", network: job.network, labels: job.labels }],
      ...started.map((operation) => [operation]),
      services.map((service) => createWaiting(job, service)),
      waiting.map((target) => ({ kind: "container.start", ...target })),
      // Nobody there within its patience: the build begins all the same.
      waiting.map((target) => ({ kind: "container.wait", ...target, tolerant: true })),
      waiting.map((target) => ({ kind: "container.remove", ...target, tolerant: true })),
      [createOf(job, { role: JOB_ROLE, arguments: [jobOrder(job)] })],
      [{ kind: "container.start", ...targetOf(job, JOB_ROLE) }],
      ready,
      identity,
    ],
    // Those that waited are gone, unless the job has stopped before.
    teardown: removalOf(job, roles, [{ kind: "network.remove", network: job.network }]),
  };
};
