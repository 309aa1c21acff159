/**
 * A stack as a test suite starts it with the library testcontainers for Node: one process, which creates the network,
 * starts all containers at once, waits for each, and has read their ports by then.
 *
 * What it started is removed by calls of ours: its own way, a container that watches over the process, needs an image
 * from a registry and publishes one port more.
 */
import {
  containerName,
  createOf,
  imageOf,
  removalOf,
  targetOf,
  type JobSteps,
} from "../job-context.ts";
import type { Operation } from "../model.ts";
import { publishedPorts, usesOf, type StackJob } from "../stack-job.ts";
import { awaited } from "./awaited.ts";
import { healthOf } from "./service-container.ts";
import type { TestcontainersOrder } from "./testcontainers-order.ts";

const orderOf = (job: StackJob): TestcontainersOrder => ({
  network: { name: job.network, labels: job.labels },
  startupTimeout: job.request.deadlines.ready,
  services: job.services.map((service) => {
    const { container, spec } = createOf(job, { role: service.name });
    return {
      alias: service.name,
      container,
      image: spec.image,
      command: spec.command,
      env: spec.env,
      labels: spec.labels,
      ports: publishedPorts(service, job.arm.ports ?? job.request.ports),
      health: healthOf(job, service),
    };
  }),
});

export const testcontainersJob = (job: StackJob): JobSteps => {
  const roles = job.services.map(({ name }) => name);
  const up: Operation = {
    kind: "stack.up",
    cli: { program: "testcontainers", args: [JSON.stringify(orderOf(job))] },
    containers: roles.map((role) => containerName(job, role)),
    images: roles.map((role) => imageOf(job.request.images, role).reference),
  };
  const { ready, identity } = usesOf(job);
  return {
    phases: [
      [up, ...ready.map(awaited)],
      // What the process knows stays in it: for the harness the ports are asked once more.
      roles.map((role) => ({ kind: "container.inspect", ...targetOf(job, role) })),
      identity,
    ],
    teardown: removalOf(job, roles, [{ kind: "network.remove", network: job.network }]),
  };
};
