/**
 * What a process with the library testcontainers is told to start, as JSON in its only argument.
 */
import { z } from "zod";
import type { HealthCheck } from "../model.ts";
import { millis } from "../units.ts";

const text = z.string();
const port = z.int().positive();
const duration = z.number().transform(millis);

const healthSchema = z.object({
  test: z.array(text).readonly(),
  interval: duration,
  timeout: duration,
  retries: z.int().nonnegative(),
  startPeriod: duration,
}) satisfies z.ZodType<HealthCheck>;

export const testcontainersOrderSchema = z
  .object({
    /** Created first; all services are on it. */
    network: z.object({ name: text, labels: z.record(text, text) }),
    /** For a container to be ready, instead of the library's own minute. */
    startupTimeout: duration,
    /** All at once, as `Promise.all` over their starts does. */
    services: z
      .array(
        z.object({
          /** Its alias on the network. */
          alias: text,
          container: text,
          image: text,
          /** Null: the image's own. */
          command: z.array(text).readonly().nullable(),
          env: z.record(text, text),
          labels: z.record(text, text),
          /** Exposed, each on a port of the host that the daemon chooses. */
          ports: z.array(port).readonly(),
          /** What the start waits for; null: that the exposed ports listen, the library's default. */
          health: healthSchema.nullable(),
        }),
      )
      .readonly(),
  })
  .readonly();
export type TestcontainersOrder = z.infer<typeof testcontainersOrderSchema>;
