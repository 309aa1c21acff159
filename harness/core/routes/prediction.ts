/**
 * Which of its networks gives a container its default gateway, from what the networks are called and from what the
 * engine is: what the measurement is held against.
 *
 * The order in which networks are attached plays no part. Read in moby's source, and measured on 20.10.24, 26.1.5
 * and 28.5.2 with the networks of `test/harness/core/routes/prediction.test.ts`.
 */
import { isAtLeast } from "../known-engines.ts";
import type { NamedNetwork } from "../model.ts";

/** What decides. */
export const GATEWAY_RULES = [
  "only network",
  "internal",
  "priority",
  "IPv6",
  "lexical order",
] as const;
type GatewayRule = (typeof GATEWAY_RULES)[number];

/** A network that a container is on, or may be. */
export interface GatewayCandidate extends NamedNetwork {
  readonly ipv6?: boolean;
}

/** What an engine says of itself, as far as the gateway depends on it. */
export interface GatewayEngine {
  readonly version: string;
  readonly apiVersion: string;
}

interface Level {
  readonly rule: GatewayRule;
  readonly applies: (engine: GatewayEngine) => boolean;
  readonly source: string;
  /** Below zero where the first is the better gateway. */
  readonly compare: (one: GatewayCandidate, other: GatewayCandidate) => number;
}

const always = (): boolean => true;

/** Of an engine that has moby#52328; before it the first network with both families gave both gateways. */
const choosesPerFamily = ({ version }: GatewayEngine): boolean => isAtLeast(version, "29.5.0");

/** Older engines pass over the field without a word (measured on 20.10.24 and 26.1.5). */
export const hasGatewayPriority = ({ apiVersion }: Pick<GatewayEngine, "apiVersion">): boolean =>
  isAtLeast(apiVersion, "1.48");

/** Names are ASCII, so that UTF-16 sorts them as Go sorts bytes: capitals first. */
const byName = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const moreFamilies = (one: GatewayCandidate, other: GatewayCandidate): number =>
  Number(other.ipv6 ?? false) - Number(one.ipv6 ?? false);

const LESS = "moby libnetwork/sandbox.go (*Endpoint).Less";

/** In this order: the first that tells two networks apart decides. */
const LEVELS: readonly Level[] = [
  {
    rule: "internal",
    applies: always,
    source: `${LESS}; moby/libnetwork#1143`,
    compare: (one, other) => Number(one.internal) - Number(other.internal),
  },
  {
    rule: "IPv6",
    applies: (engine) => !choosesPerFamily(engine),
    source: `${LESS}; libnetwork/default_gateway.go getGatewayEndpoint; moby#51999`,
    compare: moreFamilies,
  },
  {
    rule: "priority",
    applies: hasGatewayPriority,
    source: "moby#48936: GwPriority, API 1.48, Engine 28.0",
    compare: (one, other) => (other.gatewayPriority ?? 0) - (one.gatewayPriority ?? 0),
  },
  {
    rule: "IPv6",
    applies: choosesPerFamily,
    source: `${LESS}; moby#52328, read and not run`,
    compare: moreFamilies,
  },
  {
    rule: "lexical order",
    applies: always,
    source: LESS,
    compare: (one, other) => byName(one.name, other.name),
  },
];

const NO_INTERNAL_GATEWAY = {
  /** Of Engine 25.0; measured: 20.10.24 gives a default route, 26.1.5 none. */
  since: "1.44",
  source: "moby#46603: no default route on an internal network, Engine 25.0",
} as const;

/** An internal network on an engine before 25 has a gateway too, though nothing gets past it. */
const internalGivesGateway = ({ apiVersion }: GatewayEngine): boolean =>
  !isAtLeast(apiVersion, NO_INTERNAL_GATEWAY.since);

const deciding = (
  one: GatewayCandidate,
  other: GatewayCandidate,
  engine: GatewayEngine,
): Level | null =>
  LEVELS.find((level) => level.applies(engine) && level.compare(one, other) !== 0) ?? null;

/** Below zero where this engine takes the first as the gateway rather than the other. */
export const compareGateways = (
  one: GatewayCandidate,
  other: GatewayCandidate,
  engine: GatewayEngine,
): number => deciding(one, other, engine)?.compare(one, other) ?? 0;

export interface PredictedGateway {
  /** By name; null: no default route at all. */
  readonly network: string | null;
  readonly rule: GatewayRule;
  /** Why, as half a sentence: `app_stage sorts before app_stage_internal`. */
  readonly because: string;
  readonly source: string;
}

const becauseOf = (rule: GatewayRule, one: GatewayCandidate, other: GatewayCandidate): string => {
  switch (rule) {
    case "only network":
      return `${one.name} is its only network`;
    case "internal":
      return `${other.name} is internal`;
    case "priority":
      return `${one.name} has gateway priority ${String(one.gatewayPriority ?? 0)}, ${other.name} ${String(other.gatewayPriority ?? 0)}`;
    case "IPv6":
      return `${one.name} has IPv6 too, ${other.name} has not`;
    case "lexical order":
      return `${one.name} sorts before ${other.name}`;
  }
};

/** Null for a container on no network. */
export const predictedGateway = (
  networks: readonly GatewayCandidate[],
  engine: GatewayEngine,
): PredictedGateway | null => {
  const [first, second] = networks.toSorted((a, b) => compareGateways(a, b, engine));
  if (first === undefined) return null;
  if (first.internal && !internalGivesGateway(engine)) {
    const { source } = NO_INTERNAL_GATEWAY;
    return { network: null, rule: "internal", because: `${first.name} is internal`, source };
  }
  const level = second === undefined ? null : deciding(first, second, engine);
  const rule = level?.rule ?? "only network";
  return {
    network: first.name,
    rule,
    because: becauseOf(rule, first, second ?? first),
    source: level?.source ?? "moby libnetwork/default_gateway.go getGatewayEndpoint",
  };
};

export interface PredictedMove {
  readonly before: PredictedGateway;
  /** Null where nothing is attached. */
  readonly after: PredictedGateway | null;
  /** The gateway that was there is another one: what was sent through it goes elsewhere. */
  readonly moves: boolean;
}

/** @param networks - those of a job: the one that the container starts on, and the one that it is attached to */
export const predictedMove = (
  { first, attached }: { readonly first: NamedNetwork; readonly attached: NamedNetwork | null },
  engine: GatewayEngine,
): PredictedMove | null => {
  const before = predictedGateway([first], engine);
  if (before === null) return null;
  const after = attached === null ? null : predictedGateway([first, attached], engine);
  // One that had no gateway has none to lose.
  const moves = after !== null && before.network !== null && after.network !== before.network;
  return { before, after, moves };
};
