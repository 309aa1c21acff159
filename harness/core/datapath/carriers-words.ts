/**
 * What carries the traffic of a way in, in words.
 */
import { endpoint } from "../addresses.ts";
import { unreachable } from "../errors.ts";
import type { Forward, Holder, Rule, SocketSeen } from "../evidence.ts";
import type { Mode } from "../model.ts";
import { MODE_RULES } from "../modes.ts";
import { redirectIn } from "../redirects.ts";
import type { Carriers, Reach } from "./measurements.ts";

/** `docker-proxy` of `/usr/bin/docker-proxy -proto tcp …`. */
const programOf = ({ command }: Holder): string => {
  const [path = ""] = command.split(" ");
  return path.slice(path.lastIndexOf("/") + 1);
};

const holderText = (holder: Holder | null): string =>
  holder === null ? "somebody" : `${programOf(holder)} (pid ${String(holder.pid)})`;

/** `rootlesskit (pid 812) listens on 0.0.0.0:32768 and [::]:32768 in …`, one sentence for each process. */
const listenersText = (sockets: readonly SocketSeen[], where: string): readonly string[] => {
  const endpoints = new Map<string, string[]>();
  for (const { holder, localAddress, localPort } of sockets) {
    const who = holderText(holder);
    endpoints.set(who, [...(endpoints.get(who) ?? []), endpoint(localAddress, localPort)]);
  }
  return [...endpoints].map(([who, held]) => `${who} listens on ${held.join(" and ")} in ${where}`);
};

interface Place {
  readonly sockets: readonly SocketSeen[] | null;
  readonly where: string;
  /** The port that was published; null where that nobody listens says nothing. */
  readonly published: number | null;
}

const placeText = ({ sockets, where, published }: Place): readonly string[] => {
  if (sockets !== null && sockets.length > 0) return listenersText(sockets, where);
  if (published === null) return [];
  return [
    sockets === null
      ? `who listens in ${where} cannot be seen`
      : `nobody listens on port ${String(published)} in ${where}`,
  ];
};

const proxyText = ({ pid, program, ...proxy }: Carriers["proxies"][number]): string =>
  `${program} (pid ${String(pid)}) was told to take ${endpoint(proxy.hostIp, proxy.hostPort)} to ` +
  endpoint(proxy.containerIp, proxy.containerPort);

const ruleText = (rule: Rule): string => {
  const name = `${rule.backend} rule ${String(rule.line)} of chain ${rule.chain}`;
  const redirect = redirectIn(rule);
  if (redirect === null) return `${name}: ${rule.rule}`;
  const { address, port, target, targetPort } = redirect;
  const what = address === null ? `port ${String(port)}` : endpoint(address, port);
  return `${name} sends ${what} to ${endpoint(target, targetPort)}`;
};

const rulesText = ({ rules, port }: Carriers, isPublished: boolean): readonly string[] => {
  if (rules !== null && rules.length > 0) return rules.map(ruleText);
  if (!isPublished) return [];
  return [
    rules === null
      ? "NAT rules of the engine cannot be read"
      : `no NAT rule of the engine redirects port ${String(port)}`,
  ];
};

const forwardText = ({ parentIp, parentPort, childIp, childPort }: Forward): string =>
  `${endpoint(parentIp, parentPort)} to ${childIp === null ? `port ${String(childPort)}` : endpoint(childIp, childPort)}`;

const rootlesskitText = ({ rootlesskit }: Carriers, isPublished: boolean): readonly string[] => {
  if (rootlesskit === null || !isPublished) return [];
  const { version, networkDriver, portDriver, forwards } = rootlesskit;
  const name = `RootlessKit ${version} (network ${networkDriver ?? "not known"}, ports ${portDriver ?? "not known"})`;
  if (forwards === null)
    return [`${name} keeps no list of ports: its network driver forwards them`];
  return forwards.length === 0
    ? [`${name} forwards no such port`]
    : [`${name} forwards ${forwards.map(forwardText).join(" and ")}`];
};

const OUTCOMES: Readonly<Record<Reach["outcome"], string>> = {
  answers: "answers",
  refused: "is refused",
  "leads-nowhere": "leads nowhere",
  unreachable: "is not there",
};

/** `[::1]:32768 leads nowhere: accepted, and closed without an answer`. */
const reachText = ({ address, port, outcome, words }: Reach): string => {
  const said = outcome === "answers" || words === null ? "" : `: ${words}`;
  return `${endpoint(address, port)} ${OUTCOMES[outcome]}${said}`;
};

/** With a detached namespace, a rootless engine's containers on the host's network listen on the machine. */
const isOnMachine = ({ onHost, inEngine }: Carriers): boolean =>
  inEngine?.length === 0 && onHost !== null && onHost.length > 0;

/** Once each: on the host's network a container's sockets are those of a namespace that was looked into already. */
const placesOf = (carriers: Carriers, mode: Mode, rootless: boolean): readonly Place[] => {
  const { port, onHost, inEngine, inContainer } = carriers;
  const published = MODE_RULES[mode].publish === null ? null : port;
  const host = { sockets: onHost, where: "the host's namespace", published };
  const engine = { sockets: inEngine, where: "the engine's namespace", published };
  const container = { sockets: inContainer, where: "the container's namespace", published: null };
  switch (mode) {
    case "process":
      return [host];
    case "host":
      return [rootless && !isOnMachine(carriers) ? engine : host];
    case "noports":
      return [container];
    case "ports":
    case "ports-fixed":
    case "ports-block":
    case "ports-loopback":
      return rootless ? [host, engine, container] : [host, container];
    default:
      return unreachable(mode);
  }
};

/** From the client inwards, one fact a sentence; what answers at its two addresses last. */
export const carriersWords = (
  carriers: Carriers,
  { mode, rootless }: { readonly mode: Mode; readonly rootless: boolean },
): readonly string[] => {
  const isPublished = MODE_RULES[mode].publish !== null;
  const { proxies, reach } = carriers;
  return [
    ...placesOf(carriers, mode, rootless).flatMap(placeText),
    ...rootlesskitText(carriers, isPublished),
    ...proxies.map(proxyText),
    ...rulesText(carriers, isPublished),
    reachText(reach[4]),
    reachText(reach[6]),
  ];
};
