/**
 * The containers by which the GitLab runner waits for services: one for each, on the job's network.
 */
import { createOf, JOB_ROLE } from "../job-context.ts";
import type { Operation, Service } from "../model.ts";
import type { StackJob } from "../stack-job.ts";
import { seconds } from "../units.ts";

export const waitRole = ({ name }: Pick<Service, "name">): string => `${name}-wait-for-service`;

/** `wait_for_services_timeout`, and what the runner's helper sleeps between two tries. */
const PATIENCE = seconds(30);
const RETRY = seconds(1);

/** Read by docker/probe/job-main: until any port that the image exposes accepts a connection. */
const waitOrder = ({ name, port, otherPorts }: Service): string =>
  JSON.stringify({
    deadlineMs: PATIENCE,
    retryMs: RETRY,
    dial: { host: name, ports: [port, ...otherPorts] },
  });

export const createWaiting = (job: StackJob, service: Service): Operation =>
  createOf(job, { role: waitRole(service), image: JOB_ROLE, arguments: [waitOrder(service)] });
