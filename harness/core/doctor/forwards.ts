/**
 * Who is behind a port that the engine itself holds: docker-proxy, RootlessKit, and the container at the end.
 */
import type { Forward, SocketSeen } from "../evidence.ts";
import { shellWord, shellWords } from "../shell-words.ts";
import { fine, notHere, silent, unread, wrong, type Judge, type Outcome } from "./check.ts";
import { endpoint } from "../addresses.ts";
import { askedText } from "./conflict.ts";
import type { Asked, ContainerSeen, DoctorFacts } from "./facts.ts";
import { describeSocket, forPort } from "./sockets.ts";

const protocolOf = (forward: Forward): string => forward.protocol.replace(/[46]$/, "");

const runningWith = (
  containers: readonly ContainerSeen[],
  { port, protocol }: { readonly port: number; readonly protocol: string },
): ContainerSeen | null =>
  containers.find(
    ({ state, ports }) =>
      (state === "running" || state === "paused") &&
      ports.some((each) => each.hostPort === port && each.protocol === protocol),
  ) ?? null;

/** Where a docker-proxy leads, from its own command line; null for any other program. */
const proxyTarget = ({ holder }: SocketSeen): { ip: string; port: string } | null => {
  const command = holder?.command ?? "";
  const ip = /docker-proxy\b.* -container-ip (\S+)/.exec(command)?.[1];
  const port = / -container-port (\d+)/.exec(command)?.[1];
  return ip === undefined || port === undefined ? null : { ip, port };
};

const atAddress = (containers: readonly ContainerSeen[], ip: string): ContainerSeen | null =>
  containers.find(({ addresses }) => addresses.includes(ip)) ?? null;

const describeForward = (forward: Forward): string =>
  `RootlessKit's forward ${String(forward.id)}: ${forward.protocol} ${endpoint(forward.parentIp, forward.parentPort)} → ${endpoint(forward.childIp ?? "", forward.childPort)}`;

/** What has the port of the engine's own: its sockets, in either namespace. */
const engineSockets = ({ outer, inner }: DoctorFacts): readonly SocketSeen[] =>
  [...(outer.sockets ?? []), ...(inner?.sockets ?? [])].filter(
    ({ state, holder }) =>
      (state === "listen" || state === "close") && holder?.part === "this-engine",
  );

/** A port that `docker ps` shows and that nobody forwards to; null where there is none, or none can be. */
const unforwarded = (asked: Asked, facts: DoctorFacts): Outcome | null => {
  const { daemon, forwards, processes } = facts;
  if (daemon?.rootless !== true || daemon.portDriver === "implicit" || forwards === null)
    return null;
  const container = runningWith(daemon.containers ?? [], asked);
  if (container === null || forwards.some(({ parentPort }) => parentPort === asked.port))
    return null;
  const proxyless = processes?.config?.userlandProxy === false;
  return wrong({
    blocks: false,
    evidence: [
      `container ${container.name} publishes ${askedText(asked)}`,
      "RootlessKit has no forward of it",
      ...(proxyless ? ["userland-proxy: false"] : []),
    ],
    meaning: `A container publishes the port, and nothing on the host leads there: connections are refused${
      proxyless ? " (before Engine 28 it is the userland proxy that asks RootlessKit)" : ""
    }`,
    fix: proxyless
      ? "turn the userland proxy on in daemon.json, and restart the engine"
      : "restart the container, which asks RootlessKit again",
    commands: proxyless ? [] : [shellWords(["docker", "restart", container.name])],
  });
};

export const portOwner = forPort((asked, facts) => {
  const { daemon, forwards, inContainers } = facts;
  const containers = daemon?.containers ?? null;
  if (containers === null) return silent("the engine's containers", facts);
  const refused = unforwarded(asked, facts);
  if (refused !== null) return refused;
  const { port, protocol } = asked;
  const sockets = engineSockets(facts).filter(
    ({ holder }) => !inContainers.some(({ pid }) => pid === holder?.pid),
  );
  const own = (forwards ?? []).filter(
    (forward) => forward.parentPort === port && protocolOf(forward) === protocol,
  );
  if (sockets.length === 0 && own.length === 0) {
    return fine("Neither RootlessKit nor a docker-proxy of this engine listens on the port");
  }
  const lines: string[] = [];
  let lost = false;
  for (const forward of own) {
    const container = runningWith(containers, { port: forward.childPort, protocol });
    lines.push(
      `${describeForward(forward)} → ${container === null ? "no container" : `container ${container.name}`}`,
    );
    lost ||= container === null && forward.childIp !== null;
  }
  for (const socket of sockets) {
    const target = proxyTarget(socket);
    if (target === null) {
      lines.push(describeSocket(socket));
      lost ||= own.length === 0 && runningWith(containers, { port, protocol }) === null;
      continue;
    }
    const container = atAddress(containers, target.ip);
    const end = container === null ? "no container" : `container ${container.name}`;
    lines.push(`${describeSocket(socket)} → ${target.ip}:${target.port} → ${end}`);
    lost ||= container === null;
  }
  if (!lost) return fine("The engine's own listener on the port leads to a container", lines);
  return wrong({
    blocks: true,
    holder: "the engine itself, for a container that is gone",
    evidence: lines,
    meaning: "The engine listens on the port for a container that does not exist any more",
    fix: "remove the forward (see leaked-forward), or restart the engine",
  });
});

/** Removes one forward: RootlessKit answers on a socket of its own. */
const removeForward = (api: string, id: number): string =>
  `curl --silent --show-error --fail --unix-socket ${shellWord(api)} --request DELETE http://localhost/v1/ports/${String(id)}`;

export const leakedForward: Judge = (facts) => {
  const { daemon, forwards, processes, asked } = facts;
  if (daemon?.rootless === false || processes?.rootless === false) {
    return notHere("a rootful engine has no RootlessKit");
  }
  if (daemon?.portDriver === "implicit")
    return notHere("pasta forwards ports without a list of them");
  if (forwards === null && daemon === null && processes === null) {
    return notHere("no engine is there to ask, so no RootlessKit of its either");
  }
  if (forwards === null) return unread("RootlessKit's list of forwards", facts);
  const containers = daemon?.containers ?? null;
  if (containers === null) return silent("the engine's containers", facts);
  const leaked = forwards.filter(
    (forward) =>
      // Without an address inside: one that RootlessKit was started with, for the daemon's own API.
      forward.childIp !== null &&
      (asked === null || forward.parentPort === asked.port) &&
      runningWith(containers, { port: forward.childPort, protocol: protocolOf(forward) }) === null,
  );
  if (leaked.length === 0)
    return fine("Every forward of RootlessKit's leads to a running container");
  const api = processes?.api ?? null;
  return wrong({
    blocks: asked !== null,
    holder: `RootlessKit's forward ${leaked.map(({ id }) => String(id)).join(", ")}, which leads to no container`,
    evidence: leaked.map(describeForward),
    meaning:
      "RootlessKit forwards a port for no container (unless one is starting this moment): it keeps listening, and publishing the port fails",
    fix: "remove the forward, or restart the engine",
    commands: api === null ? [] : leaked.map(({ id }) => removeForward(api, id)),
  });
};
