/**
 * Ports that no container publishes: containers in the host's network, and what is left of containers that are gone.
 */
import { addressesMeet, ANY_4, ANY_6, endpoint, isSix } from "../addresses.ts";
import { dockersRedirects, isServed } from "../redirects.ts";
import {
  boundAt,
  listenerOf,
  listeningProxy,
  stepsAt,
  unseenListener,
  type Entry,
} from "./entry.ts";
import type { Bound, DockerProxy, PortContainer, PortFacts, PortFilter } from "./facts.ts";
import type { Listener, PortRow, Step } from "./port-table.ts";
import { childOf, forwardStep, parentOf, protocolOf } from "./published.ts";

/** Where an engine's docker-proxies listen. */
const proxiesIn = ({ rootless }: PortFacts): Listener["namespace"] =>
  rootless ? "engine" : "host";

/** Where containers in the host's network listen; null: not known. */
const hostNetworkIn = ({ rootless, processes }: PortFacts): Listener["namespace"] | null =>
  rootless ? (processes?.hostNetwork ?? null) : "host";

const socketsIn = (
  namespace: Listener["namespace"],
  { host, inner }: PortFacts,
): readonly Bound[] | null => (namespace === "host" ? host : inner);

/** The sockets of the namespace where containers in the host's network are; null: they cannot be seen. */
export const hostNetworkSockets = (facts: PortFacts): readonly Bound[] | null => {
  const namespace = hostNetworkIn(facts);
  return namespace === null ? null : socketsIn(namespace, facts);
};

const hostOf = ({ address, port }: Bound | Entry) => ({ address, port });

/** What RootlessKit's namespace alone has, the host does not, unless pasta forwards all that is there. */
const whoReaches = (
  { protocol, address, port }: Bound,
  namespace: Listener["namespace"],
  facts: PortFacts,
): string | null => {
  if (namespace === "host") return null;
  const outside = boundAt(facts.host ?? [], { protocol, address, port }).some(
    ({ holder }) => holder?.part === "this-engine",
  );
  return facts.portDriver === "implicit" && outside
    ? "in the engine's own namespace, from where pasta forwards it to the host"
    : "in the engine's own namespace: the host does not reach it";
};

const isSame = (one: Bound, other: Bound): boolean =>
  one.protocol === other.protocol &&
  one.address === other.address &&
  one.port === other.port &&
  one.holder?.pid === other.holder?.pid;

const isFirst = (socket: Bound, index: number, all: readonly Bound[]): boolean =>
  all.findIndex((each) => isSame(each, socket)) === index;

const ownRow = (
  socket: Bound,
  container: PortContainer,
  namespace: Listener["namespace"],
  facts: PortFacts,
): PortRow => ({
  state: "own",
  protocol: socket.protocol,
  host: hostOf(socket),
  listener: listenerOf(socket, namespace),
  path: [],
  target: hostOf(socket),
  container: { name: container.name, id: container.id, state: container.state },
  note: whoReaches(socket, namespace, facts),
});

/** What containers in the host's network listen on; several sockets may share a port. */
export const ownRows = (facts: PortFacts): readonly PortRow[] => {
  const namespace = hostNetworkIn(facts);
  if (namespace === null) return [];
  return (socketsIn(namespace, facts) ?? []).filter(isFirst).flatMap((socket) => {
    const named = facts.inContainers.find(({ pid }) => pid === socket.holder?.pid)?.container;
    const container = facts.containers.find(
      ({ name, hostNetwork }) => hostNetwork && name === named,
    );
    return container === undefined ? [] : [ownRow(socket, container, namespace, facts)];
  });
};

const orphan = (
  row: Pick<PortRow, "protocol" | "host" | "listener" | "path" | "note">,
): PortRow => {
  const ends = row.path.flatMap((step) =>
    step.by === "docker-proxy" || step.by === "nat-rule" ? [step.to] : [],
  );
  return { ...row, state: "orphan", target: ends[0] ?? null, container: null };
};

/** Steps that rows have already: forwards, docker-proxies and rules by what tells them apart. */
const nameOf = (step: Step): string => {
  switch (step.by) {
    case "rootlesskit":
      return `forward ${String(step.id)}`;
    case "nat-rule":
      return `${step.backend} ${step.chain} ${String(step.line)} ${step.rule}`;
    case "docker-proxy":
    case "placeholder":
      return `process ${String(step.pid)}`;
  }
};

const stepsIn = (rows: readonly PortRow[]): ReadonlySet<string> =>
  new Set(rows.flatMap(({ path }) => path.map(nameOf)));

/** On the host. */
const whoListens = (socket: Bound | undefined, { host }: PortFacts): Listener | null => {
  if (socket !== undefined) return listenerOf(socket, "host");
  return host === null ? unseenListener("host") : null;
};

const forwardRows = (facts: PortFacts, known: ReadonlySet<string>): readonly PortRow[] =>
  (facts.forwards ?? []).flatMap((forward): readonly PortRow[] => {
    const step = forwardStep(forward, facts);
    if (known.has(nameOf(step))) return [];
    const protocol = protocolOf(forward);
    const host = parentOf(forward);
    const [socket] = boundAt(facts.host ?? [], { protocol, ...host });
    const row = {
      protocol,
      host,
      listener: whoListens(socket, facts),
      path: [step, ...stepsAt(childOf(forward), facts.inner, facts)],
    };
    return forward.childIp === null
      ? [{ ...row, state: "own", target: childOf(forward), container: null, note: STARTED_WITH }]
      : [orphan({ ...row, note: FORWARD_LEFT })];
  });

/** RootlessKit was told on its command line, for the daemon's API for instance. */
const STARTED_WITH = "RootlessKit was started with it; no container has it";
const FORWARD_LEFT =
  "no running container publishes it, unless one is starting this moment; it keeps the port from being published";

/** One whose container is there and lacks what leads to it is no orphan: the container's own row tells. */
const hasContainer = (proxy: DockerProxy, { containers }: PortFacts): boolean =>
  containers.some((container) =>
    isServed(container, {
      protocol: proxy.protocol,
      port: proxy.hostPort,
      target: proxy.containerIp,
      targetPort: proxy.containerPort,
    }),
  );

const proxyRows = (facts: PortFacts, known: ReadonlySet<string>): readonly PortRow[] =>
  (facts.proxies ?? [])
    .filter((proxy) => !known.has(`process ${String(proxy.pid)}`) && !hasContainer(proxy, facts))
    .map((proxy) => {
      const { protocol, hostIp, hostPort } = proxy;
      const entry = { protocol, address: hostIp, port: hostPort };
      const steps = stepsAt(entry, socketsIn(proxiesIn(facts), facts), facts);
      return orphan({
        protocol,
        host: hostOf(entry),
        listener: listeningProxy(proxy, proxiesIn(facts)),
        path: steps.filter((step) => !known.has(nameOf(step))),
        note: "a docker-proxy for which no running container publishes the port, unless one is starting this moment",
      });
    });

const ruleRows = (facts: PortFacts, known: ReadonlySet<string>): readonly PortRow[] =>
  dockersRedirects([...facts.rules.four, ...facts.rules.six])
    .filter((redirect) => !facts.containers.some((container) => isServed(container, redirect)))
    .flatMap(({ rule, protocol, address, port, target, targetPort }) => {
      const to = { address: target, port: targetPort };
      const step = { by: "nat-rule", ...rule, to, traffic: "outside" } as const;
      if (known.has(nameOf(step))) return [];
      return [
        orphan({
          protocol,
          host: { address: address ?? (isSix(target) ? ANY_6 : ANY_4), port },
          listener: null,
          path: [step],
          note: `a rule that leads to ${endpoint(target, targetPort)}, where no container has the port`,
        }),
      ];
    });

/** Forwards, docker-proxies and rules whose container is gone, beside the rows of those that are there. */
export const orphanRows = (facts: PortFacts, rows: readonly PortRow[]): readonly PortRow[] => {
  const forwards = forwardRows(facts, stepsIn(rows));
  const proxies = proxyRows(facts, stepsIn([...rows, ...forwards]));
  return [...forwards, ...proxies, ...ruleRows(facts, stepsIn([...rows, ...forwards, ...proxies]))];
};

/** Whether the filter asks for what is here. */
export const isAsked = (
  asked: PortFilter | null,
  { protocol, host }: Pick<PortRow, "protocol" | "host">,
): boolean =>
  asked === null ||
  (host.port === asked.port &&
    (asked.protocol === null || asked.protocol === protocol) &&
    (asked.address === null || addressesMeet(asked.address, host.address)));

const isIn = (rows: readonly PortRow[], { protocol, port, address, holder }: Bound): boolean =>
  rows.some(
    ({ listener, host, ...row }) =>
      row.protocol === protocol &&
      host.port === port &&
      (host.address === address || (holder !== null && listener?.pid === holder.pid)),
  );

/** Who else listens on the port that was asked, where the host's ports are. */
export const otherRows = (facts: PortFacts, rows: readonly PortRow[]): readonly PortRow[] => {
  const { asked, host } = facts;
  if (asked === null) return [];
  return (host ?? [])
    .filter(
      (socket) =>
        isAsked(asked, { protocol: socket.protocol, host: hostOf(socket) }) && !isIn(rows, socket),
    )
    .filter(isFirst)
    .map((socket) => {
      const isEngines = socket.holder?.part === "this-engine";
      return {
        state: isEngines ? "own" : "foreign",
        protocol: socket.protocol,
        host: hostOf(socket),
        listener: listenerOf(socket, "host"),
        path: [],
        target: null,
        container: null,
        note: isEngines
          ? "the engine's own; no container was seen to have it"
          : "no container of this engine was seen to have it: stress doctor tells what keeps it from being published",
      };
    });
};
