/**
 * What `stress ports` answers, schema `stress.ports/1`: one row for each port that the engine has, or that a container of
 * its has in the host's network.
 */
import { z } from "zod";
import { PROTOCOLS } from "../doctor/facts.ts";
import { ruleSchema } from "../evidence.ts";

const text = z.string();
const port = z.int().min(0).max(65_535);
const pid = z.int().positive();

export const PORT_STATES = [
  /** Published, and what arrives is led to the container. */
  "open",
  /** Not published: a container in the host's network listens there itself, or the engine for its own ends. */
  "own",
  /** Published, and who listens on the host is not the engine; or asked for, and not the engine's. */
  "foreign",
  /** A forward, a docker-proxy or a rule whose container is gone. */
  "orphan",
  /** Somebody listens, and what arrives, or some of it, does not get to the container. */
  "nowhere",
  /** Published, and nobody listens. */
  "dead",
  /** Published; more could not be seen from here. */
  "unseen",
] as const;
export type PortState = (typeof PORT_STATES)[number];

const endpointSchema = z.object({ address: text, port });

const listenerSchema = z.object({
  /** `host`: where ports of the host are bound. `engine`: a rootless engine's own, which the host does not see. */
  namespace: z.enum(["host", "engine"]),
  /** Null, as the next two: a process into which may not be looked. */
  pid: pid.nullable(),
  program: text.nullable(),
  command: text.nullable(),
  /** Null: whether anybody listens could not be seen either. */
  uid: z.int().nonnegative().nullable(),
  user: text.nullable(),
});
export type Listener = z.infer<typeof listenerSchema>;

/** `local`: what is sent over loopback, or by containers. `outside`: everything else. */
const TRAFFIC = ["all", "outside", "local"] as const;
export type Traffic = (typeof TRAFFIC)[number];

const stepSchema = z.discriminatedUnion("by", [
  z.object({
    by: z.literal("rootlesskit"),
    /** Of the forward, as RootlessKit's API lists it. */
    id: z.int().positive(),
    /** `builtin`, `slirp4netns`, `gvisor-tap-vsock`; null where nobody tells. */
    driver: text.nullable(),
    /** In the engine's namespace. */
    to: endpointSchema,
  }),
  z.object({
    by: z.literal("docker-proxy"),
    pid,
    to: endpointSchema,
    /** Null: rules come first, and could not be read. */
    traffic: z.enum(TRAFFIC).nullable(),
  }),
  z.object({
    by: z.literal("nat-rule"),
    ...ruleSchema.shape,
    to: endpointSchema,
    traffic: z.enum(TRAFFIC),
  }),
  /** dockerd holds the port, so that nobody else takes it, and answers nobody. */
  z.object({ by: z.literal("placeholder"), pid }),
]);
export type Step = z.infer<typeof stepSchema>;

const rowSchema = z.object({
  state: z.enum(PORT_STATES),
  protocol: text,
  /** As it is published; of what is not, where somebody listens. */
  host: endpointSchema,
  /** Null: nobody. */
  listener: listenerSchema.nullable(),
  /** A RootlessKit forward first; then all that lead on, each with what of the traffic it takes. */
  path: z.array(stepSchema).readonly(),
  /** The container's side; address null where it has none. */
  target: z.object({ address: text.nullable(), port }).nullable(),
  container: z
    .object({
      name: text,
      /** As the daemon has it, 64 digits. */
      id: text,
      /** `running`, `paused`. */
      state: text,
    })
    .nullable(),
  /** What is to be said of it, in a sentence; null for nothing. */
  note: text.nullable(),
});
export type PortRow = z.infer<typeof rowSchema>;

const portTableSchema = z.object({
  schema: z.literal("stress.ports/1"),
  tool: text,
  /** Null: all ports. */
  asked: z
    .object({ port, address: text.nullable(), protocol: z.enum(PROTOCOLS).nullable() })
    .nullable(),
  engine: z.object({
    address: text,
    version: text,
    rootless: z.boolean(),
    portDriver: text.nullable(),
    /** Null: its configuration does not say, which is on, or could not be read. */
    userlandProxy: z.boolean().nullable(),
  }),
  /** By port, protocol, family and address. */
  ports: z.array(rowSchema).readonly(),
  /** What could not be seen, each as the subject of a sentence. */
  unseen: z.array(text).readonly(),
  /** Who could see it; null where nothing is unseen. */
  hint: text.nullable(),
});
export type PortTable = z.infer<typeof portTableSchema>;

/** As JSON Schema, for those who read the output with something else. */
export const portTableJsonSchema = (): unknown => z.toJSONSchema(portTableSchema);

/** The keys in the order of the schema. @throws ZodError for what is none */
export const toPortTable = (value: unknown): PortTable => portTableSchema.parse(value);
