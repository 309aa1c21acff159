/**
 * A service's container as runners with health checks ask for it.
 */
import { createOf, type JobContext } from "../job-context.ts";
import type { HealthCheck, Service } from "../model.ts";
import { portRequests, type StackJob } from "../stack-job.ts";
import { healthCheck } from "./health-checks.ts";

/** Null for images of the user's own, of which nothing is known: then a runner does not wait for them. */
export const healthOf = ({ request }: JobContext, { name }: Service): HealthCheck | null =>
  healthCheck(request.images.name, name);

export const createChecked = (job: StackJob, service: Service): ReturnType<typeof createOf> => {
  const health = healthOf(job, service);
  return createOf(job, {
    role: service.name,
    publish: portRequests(job, service),
    ...(health === null ? {} : { health }),
  });
};
