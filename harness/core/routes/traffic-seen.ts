/**
 * What the programs of a routes job say of themselves, twice a second: each line is the whole of it so far. Times are
 * in milliseconds since 1970, by the clock that all containers of an engine share.
 */
import { z } from "zod";

const text = z.string();
const time = z.number();
const count = z.int().nonnegative();
const duration = z.number().nonnegative();

/**
 * `subscription`: to a Redis that publishes; the client says nothing. `stream`: both sides talk. `commands`: a request
 * and its answer, only when somebody asks.
 */
export const HELD_KINDS = ["subscription", "stream", "commands"] as const;
/**
 * At which address of the host's network: `uplink`, the one it reaches the world from; `bridge`, that of the engine's
 * default bridge, which is what `host.docker.internal` stands for. With a detached namespace, `uplink` is an address of
 * the machine, and there is no `bridge`.
 */
export const HELD_TO = ["uplink", "bridge"] as const;

const heldSchema = z.object({
  kind: z.enum(HELD_KINDS),
  to: z.enum(HELD_TO),
  address: text,
  connectedAt: time.nullable(),
  /** Null while it stands, as far as this side was told. */
  closedAt: time.nullable(),
  /** Why it could not be made, or was closed. */
  words: text.nullable(),
  /** Messages that arrived before and after the attach; all are `before` where nothing was attached. */
  before: count,
  after: count,
  /**
   * The longest time without a message, since the attach (without one: since it stood); on a connection for commands,
   * without an answer that was asked for.
   */
  longestSilence: duration,
  lastAt: time.nullable(),
  /** Commands: when the question was asked that has no answer yet. */
  waitingSince: time.nullable(),
  /**
   * Since the attach: messages sent, and how many of those the other side has acknowledged, as far as its own messages
   * told. Null for a subscription.
   */
  sent: z.object({ count, acknowledged: count }).nullable(),
});

export const appSeenSchema = z.object({
  step: z.literal("app"),
  at: time,
  /** When a further interface was first seen; null: not yet. */
  attachedAt: time.nullable(),
  /** The default route whenever it changed; the first one is how it was found. */
  gateways: z
    .array(z.object({ at: time, gateway: text.nullable(), interface: text.nullable() }))
    .readonly(),
  /** Where `outside` was found; null: nowhere. */
  outside: z.object({ uplink: text, bridge: text.nullable() }).nullable(),
  held: z.array(heldSchema).readonly(),
});
export type AppSeen = z.infer<typeof appSeenSchema>;
export type HeldSeen = AppSeen["held"][number];

const requestsSchema = z.object({
  sent: count,
  answered: count,
  /** No answer within the time that is given to one, or a broken connection. */
  lost: count,
  /** The last words of those that were lost. */
  words: text.nullable(),
  firstAnsweredAt: time.nullable(),
  median: duration.nullable(),
  slowest: duration.nullable(),
  /** How long each of the first ones took; null: lost, or not answered yet. */
  first: z.array(duration.nullable()).readonly(),
});

export const proxySeenSchema = z.object({
  step: z.literal("proxy"),
  at: time,
  /** When the app could first be found: requests begin then. */
  reachableAt: time.nullable(),
  /** Answered by the app alone. */
  direct: requestsSchema,
  /** Answered when the app has asked Redis, over a connection that it holds. */
  through: requestsSchema,
});
export type ProxySeen = z.infer<typeof proxySeenSchema>;
export type RequestsSeen = ProxySeen["direct"];
