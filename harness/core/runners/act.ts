/**
 * A stack as nektos/act starts it (and Gitea's act_runner, which is made from it): calls of the Engine API, services
 * at the same time, then the job container, then the wait for their health.
 *
 * Each service is created and started by itself there; here the starts wait until all are created, the nearest that
 * phases can say. The job always runs in a container: with published ports too, where it has nothing to do.
 *
 * @see nektos/act bd86152, pkg/runner/run_context.go (startJobContainer, waitForServiceContainer)
 */
import { createOf, JOB_ROLE, targetOf, type JobSteps } from "../job-context.ts";
import type { Operation } from "../model.ts";
import { isUsedByHost, jobOrder, usesOf, type StackJob } from "../stack-job.ts";
import { createChecked } from "./service-container.ts";

export const actJob = (job: StackJob): JobSteps => {
  const targets = job.services.map(({ name }) => targetOf(job, name));
  const byHost = isUsedByHost(job);
  const idle = jobOrder({ ...job, services: [] });
  const { ready, identity } = usesOf(job);
  const health: Operation = {
    kind: "health",
    services: targets,
    polling: "act",
    byCli: false,
    seed: `${job.request.seed}-${job.id}`,
  };
  return {
    phases: [
      [{ kind: "network.create", network: job.network, labels: job.labels }],
      job.services.map((service) => createChecked(job, service)),
      targets.map((target) => ({ kind: "container.start", ...target })),
      [createOf(job, { role: JOB_ROLE, arguments: [byHost ? idle : jobOrder(job)] })],
      [{ kind: "container.start", ...targetOf(job, JOB_ROLE) }],
      // The daemon chooses ports at start; act does not ask for them, our own probes have to.
      ...(byHost
        ? [targets.map((target) => ({ kind: "container.inspect", ...target }) as const)]
        : []),
      [health, ...ready],
      identity,
    ],
    teardown: [
      [{ kind: "container.remove", ...targetOf(job, JOB_ROLE) }],
      targets.map((target) => ({ kind: "container.remove", ...target })),
      [{ kind: "network.remove", network: job.network }],
    ],
  };
};
