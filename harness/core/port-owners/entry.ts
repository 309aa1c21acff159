/**
 * A place where connections arrive, who listens there, and what leads them on to a container.
 */
import { ANY_4, ANY_6, isSix, unmapped } from "../addresses.ts";
import { programIn } from "../doctor/facts.ts";
import type { Holder } from "../evidence.ts";
import { dockersRedirects, redirectsLoopback } from "../redirects.ts";
import type { Bound, DockerProxy, PortFacts } from "./facts.ts";
import type { Listener, Step, Traffic } from "./port-table.ts";

/** An address and port of one namespace. */
export interface Entry {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

const anyOf = (address: string): string => (isSix(address) ? ANY_6 : ANY_4);

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

/**
 * Those of some sockets that get what arrives at the entry: bound to its very address, else to all of its family, else,
 * for IPv4, to all of both.
 */
export const boundAt = (
  sockets: readonly Bound[],
  { protocol, address, port }: Entry,
): readonly Bound[] => {
  const onPort = sockets.filter((each) => each.protocol === protocol && each.port === port);
  const at = (place: string): readonly Bound[] =>
    onPort.filter((each) => unmapped(each.address) === place);
  const both = isSix(address) ? [] : at(ANY_6).filter(({ sixOnly }) => sixOnly !== true);
  return [at(address), at(anyOf(address)), both].find((each) => each.length > 0) ?? [];
};

/** The engine's own docker-proxies that were told to listen at the entry. */
export const proxiesAt = (
  proxies: readonly DockerProxy[],
  { protocol, address, port }: Entry,
): readonly DockerProxy[] =>
  proxies.filter(
    ({ hostIp, hostPort, ...proxy }) =>
      proxy.protocol === protocol &&
      hostPort === port &&
      [address, anyOf(address)].includes(unmapped(hostIp)),
  );

/** The rule that takes what arrives: the first. */
const ruleAt = ({ protocol, address, port }: Entry, { rules }: PortFacts): readonly Step[] => {
  const family = isSix(address) ? rules.six : rules.four;
  const withLoopback = redirectsLoopback(family, address);
  if (isLoopback(address) && !withLoopback) return [];
  return dockersRedirects(family)
    .filter(
      (redirect) =>
        redirect.protocol === protocol &&
        redirect.port === port &&
        (redirect.address === null || redirect.address === address),
    )
    .map(
      ({ rule, target, targetPort }) =>
        ({
          by: "nat-rule",
          ...rule,
          to: { address: target, port: targetPort },
          traffic: withLoopback ? "all" : "outside",
        }) satisfies Step,
    )
    .slice(0, 1);
};

/**
 * All that lead on what arrives at the entry. A rule comes before any listener, who only gets what the rule leaves.
 *
 * @param sockets - of the entry's namespace; null where they cannot be read
 */
export const stepsAt = (
  entry: Entry,
  sockets: readonly Bound[] | null,
  facts: PortFacts,
): readonly Step[] => {
  const rule = ruleAt(entry, facts);
  const proxies = proxiesAt(facts.proxies ?? [], entry);
  const isKnown = facts.rules.unread.length === 0 || isLoopback(entry.address);
  const left: Traffic | null = rule.length > 0 ? "local" : isKnown ? "all" : null;
  const daemon = facts.processes?.daemon ?? null;
  const kept = boundAt(sockets ?? [], entry).some(({ holder }) => holder?.pid === daemon);
  return [
    ...rule,
    ...proxies.map(({ pid, containerIp, containerPort }): Step => ({
      by: "docker-proxy",
      pid,
      to: { address: containerIp, port: containerPort },
      traffic: left,
    })),
    ...(daemon !== null && kept && proxies.length === 0
      ? [{ by: "placeholder", pid: daemon } as const]
      : []),
  ];
};

const byHolder = ({
  pid,
  uid,
  user,
  command,
}: Omit<Holder, "part">): Omit<Listener, "namespace"> => ({
  pid,
  program: programIn(command),
  command,
  uid,
  user,
});

const UNKNOWN = { pid: null, program: null, command: null, user: null };

/** Who a socket is listened on by, as far as it can be told. */
export const listenerOf = ({ holder, uid }: Bound, namespace: Listener["namespace"]): Listener => ({
  namespace,
  ...(holder === null ? { ...UNKNOWN, uid } : byHolder(holder)),
});

/** Where it cannot be seen whether anybody listens. */
export const unseenListener = (namespace: Listener["namespace"]): Listener => ({
  namespace,
  ...UNKNOWN,
  uid: null,
});

/** A docker-proxy that listens where it was told to, though nobody may look into it. */
export const listeningProxy = (proxy: DockerProxy, namespace: Listener["namespace"]): Listener => ({
  namespace,
  ...byHolder(proxy),
});
