/**
 * What a plan is made from, as data that a journal can keep: the same request gives the same plan, so whoever has
 * the journal has every call that was meant.
 */
import { z } from "zod";
import { mitigationSchema } from "./mitigations.ts";
import { MODES } from "./model.ts";
import { RUNNERS } from "./runners/runner-names.ts";
import { millis } from "./units.ts";

const text = z.string();
const duration = z.number().transform(millis);

const serviceSchema = z.object({
  name: text,
  protocol: z.enum(["mysql", "redis", "clickhouse"]),
  port: z.int().positive(),
  otherPorts: z.array(z.int().positive()).readonly(),
});

const stackSchema = z.object({
  // Journals from before there were other scenarios do not say it.
  kind: z.literal("stacks").default("stacks"),
  name: text,
  title: text,
  services: z.array(serviceSchema).readonly(),
});

const namedNetworkSchema = z.object({
  name: text,
  internal: z.boolean(),
  gatewayPriority: z.int().nullable(),
});

const routesSchema = z.object({
  kind: z.literal("routes"),
  name: text,
  title: text,
  variants: z
    .array(
      z.object({
        name: text,
        title: text,
        first: namedNetworkSchema,
        attached: namedNetworkSchema.nullable(),
        needsApi: text.nullable(),
      }),
    )
    .readonly(),
  watchFor: duration,
});

const familySchema = z.union([z.literal(4), z.literal(6)]);

const datapathSchema = z.object({
  kind: z.literal("datapath"),
  name: text,
  title: text,
  flows: z
    .array(
      z.object({
        direction: z.enum(["ingress", "egress"]),
        connections: z.int().positive(),
        family: familySchema,
        duration,
      }),
    )
    .readonly(),
  requests: z.array(z.object({ family: familySchema, duration })).readonly(),
});

const scenarioSchema = z.union([routesSchema, datapathSchema, stackSchema]);

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
    runner: z.enum(RUNNERS).exactOptional(),
    variant: text.exactOptional(),
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
    /** Where mode `ports-block` begins; absent: at the first port that it may use. */
    firstBlockPort: z.int().positive().max(65_535).exactOptional(),
    images: imageSetSchema,
    deadlines: z.object({ call: duration, ready: duration, teardown: duration }),
    teardownConcurrency: z.int().positive(),
    keepFailed: z.boolean(),
    /** Of the machine that makes the run, beside loopback: where containers may find what is on its own network. */
    hostAddresses: z.array(text).readonly().exactOptional(),
    /** The label value that names the process which owns what is created. */
    owner: text,
  })
  .readonly();
export type PlanRequest = z.infer<typeof planRequestSchema>;
