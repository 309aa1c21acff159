/**
 * What operations bring back beside having been done.
 */
import { z } from "zod";
import {
  carriersSchema,
  flowSchema,
  requestsSchema,
  unreachableSchema,
} from "./datapath/measurements.ts";
import { routesReadSchema } from "./routes/route-table.ts";
import { trafficReportSchema } from "./routes/traffic.ts";

const text = z.string();

/** When a runner believed that services were ready, on its own grid. */
const perceivedSchema = z.object({
  kind: z.literal("perceived"),
  services: z
    .array(
      z.object({
        service: text,
        /** From the beginning of the wait, in milliseconds. */
        after: z.number().nonnegative(),
        /** How often the runner asked. */
        polls: z.int().nonnegative(),
      }),
    )
    .readonly(),
});

/** What failed and was only warned of, as the runner does with it. */
const warnedSchema = z.object({ kind: z.literal("warned"), message: text });

export const measuredSchema = z.discriminatedUnion("kind", [
  perceivedSchema,
  warnedSchema,
  flowSchema,
  requestsSchema,
  unreachableSchema,
  carriersSchema,
  routesReadSchema,
  trafficReportSchema,
]);
export type Measured = z.infer<typeof measuredSchema>;
