import { z } from "zod";
import { StressError } from "../../harness/core/errors.ts";
import { DEFAULT_POOLS } from "../../harness/core/known-engines.ts";
import { faultSchema } from "./faults.ts";
import { heldPortSchema } from "./held-port.ts";

const port = z.int().min(1).max(65_535);
const milliseconds = z.number().nonnegative();
const cidr = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/);

/** A pool's size is at least its base's prefix: the real daemon does not start otherwise. */
const pool = z
  .strictObject({ base: cidr, size: z.int().min(1).max(30) })
  .refine(({ base, size }) => size >= Number(base.split("/")[1]), {
    error: "the size has a smaller prefix than the base",
  });

export const optionsSchema = z.strictObject({
  socketPath: z.string().min(1),
  /** The same seed gives the same ids, waits and faults. */
  seed: z.string().default("fake"),
  /** Decides words, statuses and what is tried again. */
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .default("29.6.0"),
  pools: z.array(pool).readonly().default(DEFAULT_POOLS),
  /** `ip_local_port_range` of the daemon's namespace, both ends included. */
  portRange: z.tuple([port, port]).readonly().default([32_768, 60_999]),
  latency: z
    .strictObject({
      perCall: milliseconds.default(0),
      perPort: milliseconds.default(0),
      jitter: z.number().min(0).max(1).default(0),
    })
    .prefault({}),
  /** From a container's start until its service answers, in milliseconds. */
  readyAfter: z
    .strictObject({
      mysql: milliseconds.default(0),
      redis: milliseconds.default(0),
      clickhouse: milliseconds.default(0),
    })
    .prefault({}),
  /** Host ports that are taken before any job asks for them. */
  held: z.array(heldPortSchema).readonly().default([]),
  /** Images that exist; null: all whose name says what they would run (a service, `job`, `busybox`, …). */
  images: z.array(z.string()).readonly().nullable().default(null),
  faults: z.array(faultSchema).readonly().default([]),
  /** Status 500 on everything, `_ping` included. */
  refuseEverything: z.boolean().default(false),
});

/** What to simulate; everything but the socket has a default. */
export type FakeEngineOptions = z.input<typeof optionsSchema>;
/** The same with the defaults filled in. */
export type Settings = z.output<typeof optionsSchema>;

/**
 * What the simulation takes from a daemon.json: its address pools, and nothing else.
 *
 * @throws StressError("usage") for pools that a daemon would not start with
 */
export const optionsOf = (
  daemonJson: Readonly<Record<string, unknown>> | null,
): Pick<FakeEngineOptions, "pools"> => {
  const pools = daemonJson?.["default-address-pools"];
  if (pools === undefined) return {};
  const parsed = z.array(pool).min(1).safeParse(pools);
  if (parsed.success) return { pools: parsed.data };
  const [issue] = parsed.error.issues;
  throw new StressError(
    "usage",
    `--daemon-json: default-address-pools${issue === undefined ? "" : `.${issue.path.join(".")}: ${issue.message}`}`,
  );
};
