/**
 * What is wrong with what was measured of a job's routes and traffic, as the answers of its operations.
 */
import { connectionSilent, defaultRouteMoved, requestsLost } from "../findings.ts";
import type { Answer } from "../model.ts";
import { millis } from "../units.ts";
import type { DefaultRoute, RouteTable } from "./route-table.ts";
import type { HeldReport, RequestsReport, TrafficReport } from "./traffic.ts";

/** A container's network as the daemon has it. */
export interface KnownNetwork {
  readonly name: string;
  /** Empty where it has none. */
  readonly gateway: string;
}

const inWords = (route: DefaultRoute, networks: readonly KnownNetwork[]) => ({
  address: route.gateway,
  network: networks.find(({ gateway }) => gateway === route.gateway)?.name ?? null,
  device: route.interface,
});

interface RoutesSeen {
  readonly service: string;
  /** Null: nothing was read before, or it is not to be compared. */
  readonly before: RouteTable | null;
  readonly now: RouteTable;
  /** The container's networks now. */
  readonly networks: readonly KnownNetwork[];
  /** The one that was attached in between; null where it is not known. */
  readonly attached: string | null;
}

/** Refused where the default gateway was another one before. One that had none has none to lose. */
export const routesAnswer = ({ service, before, now, networks, attached }: RoutesSeen): Answer => {
  const measured = { kind: "routes", ...now } as const;
  const from = before?.default4 ?? null;
  const to = now.default4;
  if (from === null || from.gateway === to?.gateway) return { kind: "done", measured };
  const message = defaultRouteMoved({
    service,
    from: inWords(from, networks),
    to: to === null ? null : inWords(to, networks),
    attached,
  });
  return { kind: "refused", by: "harness", message, measured };
};

/** Connections that stood when the network was attached (without one: that stood at all). */
export const heldBefore = ({ held }: Pick<TrafficReport, "held">): readonly HeldReport[] =>
  held.filter(({ since }) => since === "before");

/** It brings nothing any more, whether this side was told so or not. */
export const isDead = ({ state }: HeldReport): boolean => state !== "alive";

/** `subscription to the bridge (silent)` */
const describeHeld = ({ kind, to, state, words }: HeldReport): string =>
  `${kind} to the ${to} (${words === null || state === "silent" ? state : `${state}: ${words}`})`;

/** A request through a connection that never stood before the attach is not lost by it. */
const isLoss = ({ kind, lost }: RequestsReport, open: readonly HeldReport[]): boolean =>
  lost > 0 && (kind === "direct" || open.some((held) => held.kind === "commands"));

/** Refused where a connection went dead, or a request was lost. */
export const trafficAnswer = (
  report: TrafficReport,
  { service, attached }: { readonly service: string; readonly attached: string | null },
): Answer => {
  const open = heldBefore(report);
  const dead = open.filter(isDead);
  const refused = (message: string): Answer => ({
    kind: "refused",
    by: "harness",
    message,
    measured: report,
  });
  if (dead.length > 0) {
    return refused(
      connectionSilent({
        service,
        silent: dead.map(describeHeld),
        of: open.length,
        watched: millis(report.watched ?? 0),
        attached,
      }),
    );
  }
  const worst = report.requests
    .filter((requests) => isLoss(requests, open))
    .toSorted((one, other) => other.lost - one.lost)[0];
  if (worst !== undefined) {
    return refused(requestsLost({ service, lost: worst.lost, of: worst.sent, words: worst.words }));
  }
  return { kind: "done", measured: report };
};
