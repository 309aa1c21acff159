/**
 * A stack as `docker compose up --wait` starts it, and `down -v` removes it.
 *
 * Without published ports the job container is created and started by calls of ours once compose is done, for a
 * service that ends by itself makes `--wait` fail; so readiness is then first seen after the runner's own wait.
 */
import {
  containerName,
  createOf,
  imageOf,
  JOB_ROLE,
  targetOf,
  type JobSteps,
} from "../job-context.ts";
import type { CliCommand, Operation } from "../model.ts";
import { isUsedByHost, jobOrder, usesOf, type StackJob } from "../stack-job.ts";
import { awaited } from "./awaited.ts";
import { byCli } from "./by-cli.ts";
import { composeFile } from "./compose-file.ts";

export const composeJob = (job: StackJob): JobSteps => {
  const byHost = isUsedByHost(job);
  const containers = job.services.map(({ name }) => containerName(job, name));
  const stdin = composeFile(job);
  const compose = (...words: readonly string[]): CliCommand => ({
    program: "docker",
    // Project names have no capitals.
    args: ["compose", "--project-name", job.network.toLowerCase(), "--file", "-", ...words],
    stdin,
  });
  const up: Operation = {
    kind: "stack.up",
    cli: compose("up", "--detach", "--wait"),
    containers,
    images: job.services.map(({ name }) => imageOf(job.request.images, name).reference),
  };
  const down: Operation = {
    kind: "stack.down",
    cli: compose("down", "--volumes"),
    containers,
    networks: [job.network],
  };
  const { ready, identity } = usesOf(job);
  if (!byHost) {
    return {
      phases: [
        [up],
        [createOf(job, { role: JOB_ROLE, arguments: [jobOrder(job)] })],
        [{ kind: "container.start", ...targetOf(job, JOB_ROLE) }],
        ready,
        identity,
      ],
      // Before the network, which cannot go while somebody is on it.
      teardown: [[{ kind: "container.remove", ...targetOf(job, JOB_ROLE) }], [down]],
    };
  }
  const ports = job.services.map(({ name }): readonly Operation[] => {
    const target = targetOf(job, name);
    return [byCli({ kind: "container.inspect", ...target }, ["port", target.container])];
  });
  return {
    phases: [[up, ...ready.map(awaited)], ...ports, identity],
    teardown: [[down]],
  };
};
