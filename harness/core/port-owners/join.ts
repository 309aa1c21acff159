/**
 * Joins what was read into the table: one row a port.
 */
import { isSix } from "../addresses.ts";
import { whoCouldRead } from "../doctor/check.ts";
import { count } from "../units.ts";
import type { PortFacts } from "./facts.ts";
import type { PortRow, PortTable } from "./port-table.ts";
import { publishedRow } from "./published.ts";
import { hostNetworkSockets, isAsked, orphanRows, otherRows, ownRows } from "./strays.ts";

const holdsPorts = (state: string): boolean => state === "running" || state === "paused";

const inOrder = (a: PortRow, b: PortRow): number =>
  a.host.port - b.host.port ||
  a.protocol.localeCompare(b.protocol) ||
  Number(isSix(a.host.address)) - Number(isSix(b.host.address)) ||
  a.host.address.localeCompare(b.host.address);

const rowsOf = (facts: PortFacts): readonly PortRow[] => {
  const published = facts.containers
    .filter(({ state, hostNetwork }) => holdsPorts(state) && !hostNetwork)
    .flatMap((container) => container.ports.map((port) => publishedRow(container, port, facts)));
  const own = ownRows(facts);
  const engine = [...published, ...own, ...orphanRows(facts, published)].filter((row) =>
    isAsked(facts.asked, row),
  );
  return [...engine, ...otherRows(facts, engine)].toSorted(inOrder);
};

/** Listeners where nobody may look who they are, and it would be told: in the namespace of containers on the host's network. */
const strangers = (facts: PortFacts): number => {
  const hasOwn = facts.containers.some(
    ({ state, hostNetwork }) => hostNetwork && holdsPorts(state),
  );
  return hasOwn
    ? (hostNetworkSockets(facts) ?? []).filter(({ holder }) => holder === null).length
    : 0;
};

const unseenIn = (facts: PortFacts): readonly string[] => {
  const { processes, host, inner, rootless, forwards, portDriver, proxies, rules } = facts;
  if (processes === null) {
    return [
      "the engine's processes, and with them who listens, what forwards and which rules there are",
    ];
  }
  const hidden = strangers(facts);
  return [
    ...(host === null ? ["the socket table where ports of the host are bound"] : []),
    ...(rootless && inner === null ? ["the socket table of the engine's own namespace"] : []),
    ...(rootless && forwards === null && portDriver !== "implicit"
      ? ["RootlessKit's list of forwards"]
      : []),
    ...(proxies === null ? ["the docker-proxies"] : []),
    ...(rules.unread.length === 0 ? [] : [`the NAT rules of ${rules.unread.join(", ")}`]),
    ...(hidden === 0
      ? []
      : [
          `who has ${count(hidden, "listener")} where containers in the host's network have theirs`,
        ]),
  ];
};

/** @param tool - the version of this tool */
export const portTable = (facts: PortFacts, tool: string): PortTable => {
  const unseen = unseenIn(facts);
  const { asked, address, version, rootless, portDriver, processes } = facts;
  return {
    schema: "stress.ports/1",
    tool,
    asked: asked === null ? null : { ...asked },
    engine: {
      address,
      version,
      rootless,
      portDriver,
      userlandProxy: processes?.config?.userlandProxy ?? null,
    },
    ports: rowsOf(facts),
    unseen,
    hint: unseen.length === 0 ? null : whoCouldRead(facts),
  };
};
