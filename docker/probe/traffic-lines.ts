/**
 * What the programs of a routes job say of themselves, twice a second: one JSON object a line, each the whole of it so
 * far. Times are in milliseconds since 1970. harness/core/routes/traffic-seen.ts reads them, and says what they mean.
 */

export interface HeldSeen {
  readonly kind: "subscription" | "stream" | "commands";
  readonly to: "uplink" | "bridge";
  readonly address: string;
  readonly connectedAt: number | null;
  readonly closedAt: number | null;
  readonly words: string | null;
  readonly before: number;
  readonly after: number;
  readonly longestSilence: number;
  readonly lastAt: number | null;
  readonly waitingSince: number | null;
  readonly sent: { readonly count: number; readonly acknowledged: number } | null;
}

/** A default route, from when it was seen. */
export interface GatewaySeen {
  readonly at: number;
  readonly gateway: string | null;
  readonly interface: string | null;
}

/** What the server outside says of its own namespace. */
export interface AddressesSaid {
  /** By which it reaches the world; null: it has no default route. */
  readonly uplink: string | null;
  /** Of the engine's default bridge; null: there is none. */
  readonly bridge: string | null;
}

/** Where the server outside was found. */
export interface OutsideAddresses {
  readonly uplink: string;
  readonly bridge: string | null;
}

export interface AppSeen {
  readonly step: "app";
  readonly at: number;
  readonly attachedAt: number | null;
  readonly gateways: readonly GatewaySeen[];
  readonly outside: OutsideAddresses | null;
  readonly held: readonly HeldSeen[];
}

export interface RequestsSeen {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly words: string | null;
  readonly firstAnsweredAt: number | null;
  readonly median: number | null;
  readonly slowest: number | null;
  readonly first: readonly (number | null)[];
}

export interface ProxySeen {
  readonly step: "proxy";
  readonly at: number;
  readonly reachableAt: number | null;
  readonly direct: RequestsSeen;
  readonly through: RequestsSeen;
}
