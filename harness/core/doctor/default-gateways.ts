/**
 * Which running containers would change their default gateway if one more network were attached to them.
 *
 * Any network that sorts before does it, so that every container could be warned of. It is said of networks that are
 * there and belong together: by their names, as `app_stage` and `app_stage_internal` or `shop_back` and `shop_front` do,
 * or because another container is on both.
 */
import {
  compareGateways,
  hasGatewayPriority,
  predictedGateway,
  type GatewayCandidate,
} from "../routes/prediction.ts";
import { count } from "../units.ts";
import { fine, risky, silent, type Judge } from "./check.ts";
import type { AttachmentsSeen, DaemonSays } from "./facts.ts";

type Attached = AttachmentsSeen["containers"][number];

/** The engine's own, which nobody attaches to what runs. */
const DEFAULT_BRIDGE = "bridge";

/** `shop_back` → `shop`; a name of one word is its own. */
const stemOf = (name: string): string => /^(.+)[-_.][^-_.]+$/.exec(name)?.[1] ?? name;

const haveOneStem = (one: string, other: string): boolean => {
  const [stem, otherStem] = [stemOf(one), stemOf(other)];
  return stem === other || otherStem === one || (stem === otherStem && stem !== one);
};

const belongTogether = (
  one: string,
  other: string,
  containers: AttachmentsSeen["containers"],
): boolean =>
  haveOneStem(one, other) ||
  containers.some(({ networks }) => {
    const names = networks.map(({ name }) => name);
    return names.includes(one) && names.includes(other);
  });

interface Risk {
  readonly container: string;
  readonly gateway: string;
  /** What would move it there, and why. */
  readonly by: readonly { readonly network: string; readonly because: string }[];
}

const riskOf = (
  { name, networks: own }: Attached,
  { networks, containers }: AttachmentsSeen,
  engine: DaemonSays,
): Risk | null => {
  const priorities = new Map(own.map((each) => [each.name, each.gatewayPriority]));
  const attached = networks.flatMap((network): readonly GatewayCandidate[] => {
    const gatewayPriority = priorities.get(network.name);
    return gatewayPriority === undefined ? [] : [{ ...network, gatewayPriority }];
  });
  // A network that is not seen here, as that of a plugin, may give the gateway.
  if (attached.length < own.length) return null;
  const gateway = predictedGateway(attached, engine)?.network ?? null;
  const [giver] = attached.filter((network) => network.name === gateway);
  if (gateway === null || giver === undefined) return null;
  const by = networks.flatMap((network) => {
    if (network.name === DEFAULT_BRIDGE || priorities.has(network.name)) return [];
    if (compareGateways(network, giver, engine) >= 0) return [];
    if (!own.some((each) => belongTogether(each.name, network.name, containers))) return [];
    const because = predictedGateway([giver, network], engine)?.because ?? "";
    return [{ network: network.name, because }];
  });
  return by.length === 0 ? null : { container: name, gateway, by };
};

const describeRisk = ({ container, gateway, by }: Risk): string =>
  `container ${container}, gateway of ${gateway}: attaching ${by
    .map(({ network, because }) => `${network} moves it (${because})`)
    .join(", ")}`;

export const defaultGateways: Judge = (facts) => {
  const { daemon, attachments } = facts;
  if (daemon === null || attachments === null) {
    return silent("which networks the engine's containers are on", facts);
  }
  const known = new Set(attachments.networks.map(({ name }) => name));
  known.delete(DEFAULT_BRIDGE);
  const containers = attachments.containers.filter(({ networks }) =>
    networks.some(({ name }) => known.has(name)),
  );
  if (containers.length === 0) return fine("No container runs on a network of a user's own");
  const risks = containers.flatMap((each) => riskOf(each, attachments, daemon) ?? []);
  if (risks.length === 0) {
    return fine(
      `Of ${count(containers.length, "container")} on networks of users none has a related network that would move its default gateway if it were attached`,
    );
  }
  const priority = hasGatewayPriority(daemon)
    ? ", or give the one that is to keep it `--gw-priority 1` when the container is attached to it"
    : "";
  return risky({
    evidence: risks.map(describeRisk),
    meaning: `Attaching one more network moves the default gateway of ${count(risks.length, "running container")}: connections that are open through the old one can go dead without a word`,
    fix: `name the networks so that the one that is to keep the gateway sorts first (BACK_app and FRONT_app; capitals sort before small letters)${priority}`,
  });
};
