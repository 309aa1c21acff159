/**
 * What became of open connections and of requests when a container was attached to a further network. All durations
 * are in milliseconds.
 */
import { z } from "zod";
import {
  HELD_KINDS,
  HELD_TO,
  type AppSeen,
  type HeldSeen,
  type ProxySeen,
  type RequestsSeen,
} from "./traffic-seen.ts";

const text = z.string();
const count = z.int().nonnegative();
const duration = z.number().nonnegative();

/**
 * `alive`: messages still come. `silent`: it stands, and for a second nothing came over it, or nothing of what was sent
 * was heard. `closed`: this side was told of its end. `unconnected`: it never stood.
 */
const HELD_STATES = ["alive", "silent", "closed", "unconnected"] as const;

const heldSchema = z.object({
  kind: z.enum(HELD_KINDS),
  to: z.enum(HELD_TO),
  address: text,
  /** Whether it stood when the container was attached. */
  since: z.enum(["before", "after", "never"]),
  state: z.enum(HELD_STATES),
  /** Messages received before and after the attach. */
  before: count,
  after: count,
  /** Since the attach; of one for commands, while an answer was waited for. */
  longestSilence: duration,
  /** Since the attach: messages sent, and those of them that arrived, as the other side told; null: it sends none. */
  sent: z.object({ count, arrived: count }).nullable(),
  words: text.nullable(),
});
export type HeldReport = z.infer<typeof heldSchema>;

const requestsSchema = z.object({
  kind: z.enum(["direct", "through"]),
  /** Those that are neither answered nor lost were under way at the end. */
  sent: count,
  answered: count,
  lost: count,
  /** From when the app could be found until its first answer came. */
  firstAnswered: duration.nullable(),
  median: duration.nullable(),
  slowest: duration.nullable(),
  /** How long each of the first ones took; null: lost, or not answered yet. */
  first: z.array(duration.nullable()).readonly(),
  words: text.nullable(),
});
export type RequestsReport = z.infer<typeof requestsSchema>;

export const trafficReportSchema = z.object({
  kind: z.literal("traffic"),
  /** From the attach to the last that was heard of the app; null: it saw no attach. */
  watched: duration.nullable(),
  /** The app's default route, as it was found and at each change: so long after the attach, below zero for before. */
  gateways: z
    .array(z.object({ after: z.number().nullable(), gateway: text.nullable() }))
    .readonly(),
  /** How long it had no default route, since the attach, having had one. */
  withoutRoute: duration,
  /** Null: the server outside could not be found, so nothing is known of connections. */
  outside: z.object({ uplink: text, bridge: text.nullable() }).nullable(),
  held: z.array(heldSchema).readonly(),
  /**
   * From the attach until the proxy could find the app; null without a proxy, without an attach, or never. Below zero
   * where the engine told the name before the app had its interface.
   */
  reachable: z.number().nullable(),
  requests: z.array(requestsSchema).readonly(),
});
export type TrafficReport = z.infer<typeof trafficReportSchema>;

/** Messages come every tenth of a second, so ten of them are missing. */
const SILENT_AFTER = 1000;
/** Of those that were sent, so many may still be on their way, or their acknowledgement. */
const ON_THEIR_WAY = 10;

const stateOf = (held: HeldSeen, at: number): HeldReport["state"] => {
  if (held.connectedAt === null) return "unconnected";
  if (held.closedAt !== null) return "closed";
  // On one for commands nobody speaks unless asked to.
  const heard = held.kind === "commands" ? (held.waitingSince ?? at) : held.lastAt;
  if (at - (heard ?? held.connectedAt) > SILENT_AFTER) return "silent";
  const unheard = held.sent === null ? 0 : held.sent.count - held.sent.acknowledged;
  return unheard > ON_THEIR_WAY ? "silent" : "alive";
};

const sinceOf = ({ connectedAt }: HeldSeen, attachedAt: number | null): HeldReport["since"] => {
  if (connectedAt === null) return "never";
  return attachedAt === null || connectedAt < attachedAt ? "before" : "after";
};

const heldOf = (held: HeldSeen, { at, attachedAt }: AppSeen): HeldReport => {
  const { kind, to, address, before, after, longestSilence, sent, words } = held;
  return {
    kind,
    to,
    address,
    since: sinceOf(held, attachedAt),
    state: stateOf(held, at),
    before,
    after,
    longestSilence,
    sent: sent === null ? null : { count: sent.count, arrived: sent.acknowledged },
    words,
  };
};

const requestsOf = (
  kind: RequestsReport["kind"],
  { firstAnsweredAt, ...seen }: RequestsSeen,
  reachableAt: number | null,
): RequestsReport => ({
  kind,
  ...seen,
  firstAnswered:
    firstAnsweredAt === null || reachableAt === null
      ? null
      : Math.max(0, firstAnsweredAt - reachableAt),
});

/** Each route holds until the next; the last one until now. */
const withoutRoute = ({ gateways, attachedAt, at }: AppSeen): number => {
  if (attachedAt === null) return 0;
  let had = false;
  let sum = 0;
  gateways.forEach((each, index) => {
    if (each.gateway !== null) had = true;
    else if (had) {
      const end = gateways[index + 1]?.at ?? at;
      sum += Math.max(0, end - Math.max(each.at, attachedAt));
    }
  });
  return sum;
};

/** @param proxy - the last that the proxy said; null where there is none */
export const trafficReport = (app: AppSeen, proxy: ProxySeen | null): TrafficReport => {
  const { attachedAt, at } = app;
  const reachableAt = proxy?.reachableAt ?? null;
  return {
    kind: "traffic",
    watched: attachedAt === null ? null : Math.max(0, at - attachedAt),
    gateways: app.gateways.map((each) => ({
      after: attachedAt === null ? null : each.at - attachedAt,
      gateway: each.gateway,
    })),
    withoutRoute: withoutRoute(app),
    outside: app.outside,
    held: app.held.map((held) => heldOf(held, app)),
    reachable: attachedAt === null || reachableAt === null ? null : reachableAt - attachedAt,
    requests:
      proxy === null
        ? []
        : [
            requestsOf("direct", proxy.direct, reachableAt),
            requestsOf("through", proxy.through, reachableAt),
          ],
  };
};
