/**
 * A port that a container publishes: who listens, what leads on, and whether it gets there.
 */
import { ANY_4, endpoint, isSix, unmapped } from "../addresses.ts";
import type { PublishedPort } from "../doctor/facts.ts";
import type { Forward } from "../evidence.ts";
import { isAtLeast } from "../known-engines.ts";
import {
  boundAt,
  listenerOf,
  listeningProxy,
  proxiesAt,
  stepsAt,
  unseenListener,
  type Entry,
} from "./entry.ts";
import type { Bound, PortContainer, PortFacts } from "./facts.ts";
import type { Listener, PortRow, PortState, Step } from "./port-table.ts";

/** `tcp4` and `tcp6` are both TCP. */
export const protocolOf = (forward: Forward): string => forward.protocol.replace(/[46]$/, "");

/** Of the host; RootlessKit leaves the address away where it is all of IPv4, and the family where it is both. */
export const parentOf = ({ parentIp, parentPort, protocol }: Forward) => ({
  address: parentIp === "" ? (protocol.endsWith("6") ? "::" : ANY_4) : unmapped(parentIp),
  port: parentPort,
});

/** Where a forward comes out in the engine's namespace; without an address, over loopback. */
export const childOf = (forward: Forward): Entry => ({
  protocol: protocolOf(forward),
  address:
    forward.childIp === null
      ? isSix(parentOf(forward).address)
        ? "::1"
        : "127.0.0.1"
      : unmapped(forward.childIp),
  port: forward.childPort,
});

export const forwardStep = (forward: Forward, { portDriver }: PortFacts): Step => {
  const { address, port } = childOf(forward);
  return { by: "rootlesskit", id: forward.id, driver: portDriver, to: { address, port } };
};

const forwardAt = (entry: Entry, forwards: readonly Forward[]): Forward | null =>
  forwards.find((forward) => {
    const { address, port } = parentOf(forward);
    return (
      protocolOf(forward) === entry.protocol && port === entry.port && address === entry.address
    );
  }) ?? null;

/** Whether a step gets to that very port of the container. */
const reaches = (step: Step, container: PortContainer, { containerPort }: PublishedPort): boolean =>
  (step.by === "docker-proxy" || step.by === "nat-rule") &&
  container.addresses.includes(step.to.address) &&
  step.to.port === containerPort;

/** Whether it is somebody's who is not of the engine; where its processes are not in sight, nobody is known to be. */
const isForeign = ({ holder }: Bound, { processes }: PortFacts): boolean =>
  processes !== null && holder !== null && holder.part !== "this-engine";

/** What can be told of one published port. */
interface Looked {
  readonly container: PortContainer;
  readonly port: PublishedPort;
  readonly host: Entry;
  /** RootlessKit's; null where none lists it. */
  readonly forward: Forward | null;
  /** Where what arrives is led on; null: nothing arrives, or it is not known where. */
  readonly entry: Entry | null;
  /** Of the entry's namespace. */
  readonly sockets: readonly Bound[] | null;
  /** Who listens on the host; null where that cannot be read. */
  readonly listeners: readonly Bound[] | null;
  readonly steps: readonly Step[];
  readonly facts: PortFacts;
}

/** True when RootlessKit keeps a list of what it forwards, and it could not be had. */
const listUnread = ({ rootless, forwards, portDriver }: PortFacts): boolean =>
  rootless && forwards === null && portDriver !== "implicit";

const look = (container: PortContainer, port: PublishedPort, facts: PortFacts): Looked => {
  const { rootless, forwards, inner } = facts;
  const { protocol, hostIp, hostPort } = port;
  const host = { protocol, address: hostIp === "" ? ANY_4 : unmapped(hostIp), port: hostPort };
  const forward = forwardAt(host, forwards ?? []);
  const isDirect = !rootless || (forwards === null && !listUnread(facts));
  const entry = isDirect ? host : forward === null ? null : childOf(forward);
  const sockets = rootless ? inner : facts.host;
  return {
    ...{ container, port, host, forward, entry, sockets, facts },
    listeners: facts.host === null ? null : boundAt(facts.host, host),
    steps: entry === null ? [] : stepsAt(entry, sockets, facts),
  };
};

/** Whether something that was not to be read may lead to the container all the same. */
const isBlind = ({ entry, sockets, facts }: Looked): boolean => {
  const { processes, proxies, rules } = facts;
  if (listUnread(facts) || processes === null) return true;
  if (entry === null) return false;
  if (proxies === null || sockets === null) return true;
  // No rule is for what arrives over loopback in IPv6.
  if (entry.address !== "::1" && rules.unread.length > 0) return true;
  return boundAt(sockets, entry).some(({ holder }) => holder === null);
};

/** The first that takes some of what arrives to where the container is not; null for none. */
const strayOf = ({ steps, container, port }: Looked): Exclude<Step, { by: "placeholder" }> | null =>
  steps
    .filter((step) => step.by !== "placeholder")
    .find((step) => !reaches(step, container, port)) ?? null;

const stateOf = (looked: Looked): PortState => {
  const { container, port, entry, forward, listeners, steps, facts } = looked;
  const leading = steps.filter((step) => reaches(step, container, port));
  const isTaken = listeners !== null && listeners.some((each) => isForeign(each, facts));
  if (isTaken && !leading.some((step) => "traffic" in step && step.traffic === "all")) {
    return "foreign";
  }
  if (strayOf(looked) !== null) return "nowhere";
  if (leading.length > 0) {
    return forward !== null && listeners?.length === 0 ? "dead" : "open";
  }
  if (isBlind(looked)) return "unseen";
  const isListened = listeners === null || listeners.length > 0;
  return isListened && entry !== null ? "nowhere" : "dead";
};

const whyDead = ({ host, forward, facts }: Looked): string => {
  const { rootless, forwards, portDriver, version, processes } = facts;
  if (forward !== null)
    return `RootlessKit lists forward ${String(forward.id)}, and nobody listens`;
  if (!rootless || forwards === null) {
    return "docker ps shows it, and nobody listens, and no rule leads on";
  }
  const bare = "docker ps shows it, and RootlessKit has no forward of it";
  if (isSix(host.address) && portDriver === "slirp4netns") {
    return `${bare}: slirp4netns, its port driver, forwards IPv4 alone`;
  }
  return processes?.config?.userlandProxy === false && !isAtLeast(version, "28")
    ? `${bare}: before Engine 28 it is the userland proxy that asks RootlessKit, and it is off`
    : bare;
};

/** Before what a loopback address of IPv6 comes to without its proxy. */
const NOT_OVER_SIX =
  "with the userland proxy off nothing leads on what comes over [::1]: dockerd only keeps the port, and a connection there hangs";

const ARRIVALS = {
  all: "what arrives",
  outside: "what comes from outside",
  local: "what comes over loopback or from containers",
} as const;

const whyNowhere = (looked: Looked): string => {
  const { container, entry, forward, steps } = looked;
  const stray = strayOf(looked);
  if (stray !== null) {
    const arrivals = ARRIVALS[("traffic" in stray ? stray.traffic : null) ?? "all"];
    return `${arrivals} is led to ${endpoint(stray.to.address, stray.to.port)}, where container ${container.name} does not have the port`;
  }
  if (steps.some(({ by }) => by === "placeholder")) {
    return isSix(entry?.address ?? "")
      ? NOT_OVER_SIX
      : "dockerd only keeps the port, and no rule leads to the container";
  }
  return forward === null || entry === null
    ? "what listens there leads to no container"
    : `RootlessKit forwards to ${endpoint(entry.address, entry.port)}, where nobody listens`;
};

/** An open port of IPv6 that only rules lead on from. */
const isOpenFromOutsideAlone = ({ host, steps }: Looked): boolean =>
  isSix(host.address) &&
  steps.some(({ by }) => by === "placeholder") &&
  !steps.some(({ by }) => by === "docker-proxy");

const noteOf = (state: PortState, looked: Looked): string | null => {
  switch (state) {
    case "open":
      return isOpenFromOutsideAlone(looked) ? NOT_OVER_SIX : null;
    case "foreign":
      return `container ${looked.container.name} publishes it, and who listens on the host is not of this engine`;
    case "nowhere":
      return whyNowhere(looked);
    case "dead":
      return whyDead(looked);
    case "unseen":
      return "what leads from here to the container could not be seen";
    case "own":
    case "orphan":
      return null;
  }
};

/** The engine's own listener rather than dockerd's, and either rather than one of which nothing is known. */
const listenerAt = ({ host, listeners, facts }: Looked): Listener | null => {
  const { processes, proxies, rootless } = facts;
  const rank = ({ holder }: Bound): number =>
    holder === null ? 2 : holder.pid === processes?.daemon ? 1 : 0;
  const [first] = (listeners ?? []).toSorted((a, b) => rank(a) - rank(b));
  const proxy = rootless ? undefined : proxiesAt(proxies ?? [], host)[0];
  if (first === undefined) {
    return listeners === null || processes === null ? unseenListener("host") : null;
  }
  return first.holder === null && proxy !== undefined
    ? listeningProxy(proxy, "host")
    : listenerOf(first, "host");
};

/** Of the address's own family where it has one; none where it has none. */
const addressOf = ({ addresses }: PortContainer, host: Entry): string | null =>
  addresses.find((each) => isSix(each) === isSix(host.address)) ?? addresses[0] ?? null;

export const publishedRow = (
  container: PortContainer,
  port: PublishedPort,
  facts: PortFacts,
): PortRow => {
  const looked = look(container, port, facts);
  const { host, forward, steps } = looked;
  const state = stateOf(looked);
  const led = steps.find((step) => reaches(step, container, port));
  return {
    state,
    protocol: host.protocol,
    host: { address: host.address, port: host.port },
    listener: listenerAt(looked),
    path: [...(forward === null ? [] : [forwardStep(forward, facts)]), ...steps],
    target:
      led !== undefined && "to" in led
        ? led.to
        : { address: addressOf(container, host), port: port.containerPort },
    container: { name: container.name, id: container.id, state: container.state },
    note: noteOf(state, looked),
  };
};
