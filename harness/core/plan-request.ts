/**
 * What a plan is made from, as data that a journal can keep: the same request gives the same plan, so whoever has
 * the journal has every call that was meant.
 */
import { z } from "zod";
import { mitigationSchema } from "./mitigations.ts";
import { MODES } from "./model.ts";
import { millis } from "./units.ts";

const text = z.string();
const duration = z.number().transform(millis);

const serviceSchema = z.object({
  name: text,
  protocol: z.enum(["mysql", "redis", "clickhouse"]),
  port: z.int().positive(),
  otherPorts: z.array(z.int().positive()).readonly(),
});

const scenarioSchema = z.object({
  name: text,
  title: text,
  services: z.array(serviceSchema).readonly(),
});

const imageSetSchema = z.object({
  name: text,
  images: z
    .record(
      text,
      z
        .object({
          reference: text,
          command: z.array(text).readonly().nullable(),
          env: z.record(text, text).readonly(),
        })
        .readonly(),
    )
    .readonly(),
});

/** What makes an arm, beside what all arms of a run have in common. */
const armSpecSchema = z
  .object({
    mode: z.enum(MODES),
    n: z.int().positive(),
    profile: text.exactOptional(),
    ports: z.enum(["all", "minimal"]).exactOptional(),
    mitigation: mitigationSchema.exactOptional(),
  })
  .readonly();
export type ArmSpec = z.infer<typeof armSpecSchema>;

export const planRequestSchema = z
  .object({
    /** Letters, digits and hyphens; becomes part of every name. */
    run: text,
    seed: text,
    scenario: scenarioSchema,
    /** The names of the scenario's services to start, in any order; all of them if empty. */
    services: z.array(text).readonly(),
    modes: z.array(z.enum(MODES)).readonly(),
    /** Jobs released at once; several numbers make several arms of each mode. */
    ns: z.array(z.int().positive()).readonly(),
    /** What is compared; absent: each mode at each number of jobs. */
    arms: z.array(armSpecSchema).readonly().exactOptional(),
    /** Waves of each arm. */
    waves: z.int().positive(),
    /** Rounds of warm-up before the first block, one wave of each profile a round; absent: none. */
    warmups: z.int().nonnegative().exactOptional(),
    /** `all`: every port the image exposes; `minimal`: the one port the job uses. */
    ports: z.enum(["all", "minimal"]),
    images: imageSetSchema,
    deadlines: z.object({ call: duration, ready: duration, teardown: duration }),
    teardownConcurrency: z.int().positive(),
    keepFailed: z.boolean(),
    /** The label value that names the process which owns what is created. */
    owner: text,
  })
  .readonly();
export type PlanRequest = z.infer<typeof planRequestSchema>;
