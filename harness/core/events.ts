/**
 * The journal's vocabulary: one JSON object a line, in the order in which things happened.
 *
 * Instants (`at`, `writtenAt`) are milliseconds on the run's monotonic clock. The schemas are strict about
 * what they know and silent about keys they do not, so that an older tool can read a newer journal's events.
 */
import { z } from "zod";
import { armSchema } from "./arms.ts";
import { capacitySchema } from "./capacity.ts";
import { countersSchema, portsSeenSchema, sightSchema } from "./evidence.ts";
import { interimSchema } from "./expectations/interim.ts";
import { faultSchema } from "./nemesis.ts";
import { planRequestSchema } from "./plan-request.ts";
import { profileSchema } from "./profile.ts";
import { measuredSchema } from "./measured.ts";
import { millis } from "./units.ts";
import { armSamplesSchema } from "./wave-sample.ts";

/** Bumped when an event changes its meaning; a reader refuses a journal that is newer than itself. */
export const JOURNAL_VERSION = 5;

/** The first version whose lines are numbered and whose end vouches for them. */
export const SEALED_SINCE = 5;

/** What a line has beside its event, so that a missing, doubled or changed line is found; nothing before version 5. */
export const sealSchema = z.object({
  /** 1, 2, … */
  seq: z.int().exactOptional(),
  /** Of `run.ended`: how many lines there are, and the digest of those before it, in hexadecimal digits. */
  events: z.int().exactOptional(),
  sha256: z.string().exactOptional(),
});

const instant = z.number().transform(millis);
const text = z.string();

/** What the engine and the machine said of themselves before the first wave. */
export const engineFactsSchema = z.object({
  /** True for the fake engine: every output then says SIMULATED. */
  simulated: z.boolean(),
  /** Where it was found and why it was taken, for people. */
  address: text,
  version: text,
  apiVersion: text,
  rootless: z.boolean(),
  /** Components as the daemon lists them: containerd, runc, rootlesskit, slirp4netns, … */
  components: z.record(text, text),
  storageDriver: text,
  cgroupDriver: text,
  /** Network driver and port driver of RootlessKit, where the daemon says so. */
  networkDriver: text.nullable(),
  portDriver: text.nullable(),
  kernel: text,
  architecture: text,
  operatingSystem: text,
  cores: z.int(),
  memoryBytes: z.number(),
  /** `ip_local_port_range` of this machine's own namespace, then of the engine's, where known. */
  hostPortRange: z.tuple([z.int(), z.int()]).nullable(),
  enginePortRange: z.tuple([z.int(), z.int()]).nullable(),
  /** Image reference to image id, for all images of the run. */
  images: z.record(text, text),
});
export type EngineFacts = z.infer<typeof engineFactsSchema>;

const bindingSchema = z.object({ containerPort: z.int(), hostIp: text, hostPort: z.int() });

const answerSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("done"),
    id: text.exactOptional(),
    bindings: z.array(bindingSchema).readonly().exactOptional(),
    attempts: z.int().exactOptional(),
    measured: measuredSchema.exactOptional(),
  }),
  z.object({
    kind: z.literal("refused"),
    by: z.enum(["daemon", "service", "transport", "harness"]),
    status: z.int().exactOptional(),
    message: text,
    measured: measuredSchema.exactOptional(),
  }),
  z.object({
    kind: z.literal("unknown"),
    reason: z.enum(["timeout", "cancelled", "connection-lost"]),
    message: text,
  }),
]);

const operationKind = z.enum([
  "network.create",
  "container.create",
  "container.start",
  "container.inspect",
  "network.connect",
  "command",
  "stack.up",
  "stack.down",
  "health",
  "container.wait",
  "ready",
  "identity",
  "routes.read",
  "traffic.watch",
  "path.look",
  "flow.measure",
  "requests.measure",
  "container.remove",
  "network.remove",
]);

const inventorySchema = z.object({
  containers: z.array(text).readonly(),
  networks: z.array(text).readonly(),
  volumes: z.array(text).readonly(),
});

/** Names one operation of one job: enough to find it in the plan, small enough to write twice. */
const operationRef = {
  wave: z.int().positive(),
  job: text,
  operation: operationKind,
  /** The service concerned; absent for network operations. */
  service: text.exactOptional(),
  /** Which of several operations of that kind on that service; absent where there is one. */
  step: text.exactOptional(),
  /** 2, 3, … where a mitigation asks again for what was refused; absent for the first try. */
  try: z.int().min(2).exactOptional(),
};

export const eventSchema = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("run.started"),
    at: instant,
    journal: z.int().max(JOURNAL_VERSION, "written by a newer version of this tool"),
    tool: text,
    run: text,
    seed: text,
    /** Wall clock, ISO 8601, UTC: the zero of every `at`. */
    startedAt: text,
    /** The run's flags, all of them resolved: environment and config file are in it, and the seed. */
    command: z.array(text).readonly(),
    /** What the plan is made from; absent in journals of version 1. */
    request: planRequestSchema.exactOptional(),
    arms: z.array(armSchema).readonly(),
    /** Waves planned, of all arms together: each arm has as many as there are blocks. */
    waves: z.int().positive(),
    /** The first engine, before the first wave. */
    engine: engineFactsSchema,
    /** What the run compares; absent where it has one engine and no profile. */
    profiles: z
      .array(
        z.object({
          profile: profileSchema,
          /** Why it has no arm in this run; null where it has. */
          skipped: text.nullable(),
        }),
      )
      .readonly()
      .exactOptional(),
    /** Of the one engine of a run without profiles; absent where none was given. */
    daemonJson: z.record(text, z.unknown()).readonly().exactOptional(),
    /** What the verdict goes by instead of by each failure; absent where nothing was expected in particular. */
    expectations: z.array(text).readonly().exactOptional(),
    /** The run that expectations compare with. */
    baseline: z
      .object({ run: text, samples: z.array(armSamplesSchema).readonly() })
      .exactOptional(),
  }),
  /** An engine is ready: before the first wave, and whenever the run has started another or a fresh one. */
  z.object({
    event: z.literal("engine.started"),
    at: instant,
    /** Null where the run has one engine and no profile. */
    profile: text.nullable(),
    engine: engineFactsSchema,
    /** How many networks it has room for; null where its pools or what is taken could not be read. */
    capacity: capacitySchema.nullable(),
  }),
  z.object({
    event: z.literal("wave.started"),
    at: instant,
    wave: z.int().positive(),
    /** 0: a warm-up, which no rate and no time counts. */
    block: z.int().nonnegative(),
    arm: text,
    jobs: z.array(text).readonly(),
  }),
  /** All jobs were released. */
  z.object({ event: z.literal("gate.opened"), at: instant, wave: z.int().positive() }),
  z.object({ event: z.literal("invoked"), at: instant, ...operationRef }),
  z.object({
    event: z.literal("answered"),
    at: instant,
    ...operationRef,
    writtenAt: instant.nullable(),
    answer: answerSchema,
  }),
  /** The last job was ready or had failed. */
  z.object({
    event: z.literal("burst.ended"),
    at: instant,
    wave: z.int().positive(),
    /** Processor time of this process since the gate opened. */
    processor: instant,
    /** The same of the engine's own programs, without the containers; null or absent where they could not be seen. */
    engineProcessor: instant.nullable().exactOptional(),
    cores: z.int().positive(),
  }),
  z.object({
    event: z.literal("wave.ended"),
    at: instant,
    wave: z.int().positive(),
    /** When teardown began and how long it took. */
    teardown: instant,
    /** Left over after teardown and before the sweep; what `--keep-failed` kept is not counted. */
    leaked: inventorySchema,
    /** Host ports that were published in this wave and still have a listener; null: not visible. */
    leakedPorts: z.array(z.int()).readonly().nullable(),
    /** What the sweep could not remove. */
    stuck: z.array(text).readonly(),
    /** After the sweep; absent in journals of version 1. */
    counters: countersSchema.exactOptional(),
  }),
  /** Something failed, and was looked at. */
  z.object({
    event: z.literal("looked"),
    /** When the look was over. */
    at: instant,
    ...operationRef,
    /** When the answer that made us look was there, and when the look at it began. */
    failedAt: instant,
    beganAt: instant,
    sight: sightSchema,
  }),
  /** The burst is over and nothing is taken down yet. */
  z.object({
    event: z.literal("ports.seen"),
    at: instant,
    wave: z.int().positive(),
    ...portsSeenSchema.shape,
  }),
  /** What the daemon wrote to its log since the event of this kind before, or since the run's start. */
  z.object({
    event: z.literal("daemon.logged"),
    at: instant,
    wave: z.int().positive(),
    /** Raw, oldest first. */
    lines: z.array(text).readonly(),
    /** Lines left out in the middle, because there were too many. */
    dropped: z.int().nonnegative(),
  }),
  /** Trouble made on purpose, at the moment at which it stood. */
  z.object({
    event: z.literal("fault.injected"),
    at: instant,
    wave: z.int().positive(),
    fault: faultSchema,
  }),
  /** A look at the waves so far, which may end the run. */
  z.object({ event: z.literal("interim.looked"), at: instant, ...interimSchema.shape }),
  /** Stands for an event that no reader would accept: a mistake of this tool, and evidence all the same. */
  z.object({
    event: z.literal("event.refused"),
    at: instant,
    /** Which event it was. */
    kind: text,
    why: text,
    /** The event as JSON. */
    raw: text,
  }),
  z.object({
    event: z.literal("run.ended"),
    at: instant,
    /**
     * `engine-lost`: the daemon no longer answered, or no longer usefully, before or after a burst.
     * `trouble-failed`: the trouble that was asked for could not be made.
     */
    reason: z.enum(["completed", "interrupted", "engine-lost", "trouble-failed"]),
    /** For `engine-lost`: what the engine said or did not say, whole. For `trouble-failed`: why. */
    message: text.exactOptional(),
  }),
]);
export type Event = z.infer<typeof eventSchema>;
export type EventOf<Kind extends Event["event"]> = Extract<Event, { readonly event: Kind }>;
