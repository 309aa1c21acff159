/**
 * A stack as a compose file. JSON, which YAML includes.
 */
import { containerName, imageOf } from "../job-context.ts";
import type { HealthCheck, PortRequest, Service } from "../model.ts";
import { portRequests, type StackJob } from "../stack-job.ts";
import type { Millis } from "../units.ts";
import { healthOf } from "./service-container.ts";

/** Compose puts variables in everywhere; `$$` is a dollar. */
const literal = (text: string): string => text.replaceAll("$", "$$$$");

const literalValues = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, literal(value)]));

const inSeconds = (duration: Millis): string => `${String(duration / 1000)}s`;

const healthPart = (health: HealthCheck) => ({
  test: health.test.map(literal),
  interval: inSeconds(health.interval),
  timeout: inSeconds(health.timeout),
  retries: health.retries,
  start_period: inSeconds(health.startPeriod),
});

const portPart = ({ containerPort, hostIp, hostPort }: PortRequest) => ({
  target: containerPort,
  protocol: "tcp",
  ...(hostPort === null ? {} : { published: String(hostPort) }),
  ...(hostIp === "" ? {} : { host_ip: hostIp }),
});

const servicePart = (job: StackJob, service: Service) => {
  const image = imageOf(job.request.images, service.name);
  const ports = portRequests(job, service);
  const health = healthOf(job, service);
  return {
    image: image.reference,
    container_name: containerName(job, service.name),
    ...(image.command === null ? {} : { command: image.command.map(literal) }),
    environment: literalValues(image.env),
    labels: literalValues(job.labels),
    ...(ports.length === 0 ? {} : { ports: ports.map(portPart) }),
    ...(health === null ? {} : { healthcheck: healthPart(health) }),
  };
};

/** A service is known on the project's only network by its name: compose sees to that. */
export const composeFile = (job: StackJob): string =>
  JSON.stringify({
    services: Object.fromEntries(
      job.services.map((service) => [service.name, servicePart(job, service)]),
    ),
    networks: { default: { name: job.network, labels: literalValues(job.labels) } },
  });
