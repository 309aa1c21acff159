/**
 * Who has the port: processes, connections, other engines and containers in the host's network.
 */
import type { SocketSeen } from "../evidence.ts";
import { shellWords } from "../shell-words.ts";
import { fine, notHere, risky, unread, wrong, type Judge, type Outcome } from "./check.ts";
import { endpoint } from "../addresses.ts";
import { askedText, conflictWith, wantedAddresses, type Conflict } from "./conflict.ts";
import { named, shortCommand, type Asked, type DoctorFacts, type NamespaceSeen } from "./facts.ts";

/** For checks that only make sense for a port. */
export const forPort =
  (judge: (asked: Asked, facts: DoctorFacts) => Outcome): Judge =>
  (facts) =>
    facts.asked === null ? notHere("no port was asked for") : judge(facts.asked, facts);

interface Met {
  readonly socket: SocketSeen;
  readonly conflict: Conflict;
}

/** Sockets on the port, with what they do to an engine that wants it; null where they cannot be read. */
const metIn = (
  namespace: NamespaceSeen,
  wanted: readonly string[],
  { protocol }: Asked,
): readonly Met[] | null =>
  namespace.sockets?.map((socket) => ({
    socket,
    conflict: conflictWith(socket, { wanted, protocol, namespace }),
  })) ?? null;

const isBound = ({ state }: SocketSeen, { protocol }: Asked): boolean =>
  protocol === "udp" || state === "listen";

const STATE_WORDS: Partial<Record<SocketSeen["state"], string>> = { close: "bound" };

const whoHas = ({ holder, uid, state }: SocketSeen): string => {
  if (holder !== null) return `${named(holder)}: ${shortCommand(holder.command)}`;
  if (state === "time-wait") return "nobody: the connection is closed and the kernel waits";
  return `a process of uid ${String(uid)} that cannot be looked into from here`;
};

/** For "held by": who it is, once each. */
const holdersOf = (sockets: readonly SocketSeen[]): string => {
  const names = sockets.map(({ holder, uid, state }) => {
    if (holder !== null) return named(holder);
    return state === "time-wait"
      ? "a closed connection (TIME_WAIT)"
      : `a process of uid ${String(uid)}`;
  });
  return [...new Set(names)].join(" and ");
};

/** `listen 0.0.0.0:8080 by nginx (pid 4711, user www-data): nginx -g daemon off;` */
export const describeSocket = (socket: SocketSeen): string => {
  const state = STATE_WORDS[socket.state] ?? socket.state;
  const local = endpoint(socket.localAddress, socket.localPort);
  const remote =
    socket.remotePort === 0 ? "" : ` → ${endpoint(socket.remoteAddress, socket.remotePort)}`;
  return `${state} ${local}${remote} by ${whoHas(socket)}`;
};

const containerOf = ({ holder }: SocketSeen, { inContainers }: DoctorFacts): string | null =>
  inContainers.find(({ pid }) => pid === holder?.pid)?.container ?? null;

/** Where a socket belongs that nobody may look into: the engine's, when it says that it has the port. */
const isEngines = (socket: SocketSeen, facts: DoctorFacts): boolean => {
  if (socket.holder !== null) return socket.holder.part === "this-engine";
  const { processes, forwards, daemon, asked } = facts;
  if (processes !== null && socket.uid !== processes.uid) return false;
  const forwarded = forwards?.some(({ parentPort }) => parentPort === asked?.port) === true;
  const published = daemon?.containers?.some(
    ({ state, ports }) =>
      state === "running" && ports.some((each) => each.hostPort === asked?.port),
  );
  return forwarded || published === true;
};

const strangersIn = (met: readonly Met[], asked: Asked, facts: DoctorFacts): readonly Met[] =>
  met.filter(
    ({ socket }) =>
      isBound(socket, asked) &&
      containerOf(socket, facts) === null &&
      !isEngines(socket, facts) &&
      socket.holder?.part !== "other-engine",
  );

const killLine = ({ holder }: SocketSeen): readonly string[] =>
  holder === null ? [] : [`kill ${String(holder.pid)}  # ${named(holder)}`];

export const hostProcess = forPort((asked, facts) => {
  const wanted = wantedAddresses(asked, facts.outer);
  const met = metIn(facts.outer, wanted, asked);
  if (met === null) return unread("the socket table where ports of the host are bound", facts);
  const strangers = strangersIn(met, asked, facts);
  const evidence = strangers.map(({ socket }) => describeSocket(socket));
  const held = strangers.filter(({ conflict }) => conflict === "yes");
  if (held.length > 0) {
    return wrong({
      blocks: true,
      holder: holdersOf(held.map(({ socket }) => socket)),
      evidence,
      meaning: `Another process of the host listens on ${askedText(asked)}: the engine cannot bind it`,
      fix: "stop that process, publish another port, or publish on an address that it does not use",
      commands: held.flatMap(({ socket }) => killLine(socket)),
    });
  }
  if (strangers.some(({ conflict }) => conflict === "maybe")) {
    return risky({
      evidence,
      meaning:
        "Somebody listens on [::]: unless that socket takes IPv6 only, it has the port of IPv4 too",
      fix: "stop that process, or publish another port; `ss -ltne` shows v6only",
    });
  }
  if (evidence.length > 0) {
    return fine(
      "Who listens there does so on another address, which lets the engine bind its own",
      evidence,
    );
  }
  const engines = met.filter(({ socket }) => isBound(socket, asked));
  return engines.length === 0
    ? fine("No process of the host listens there")
    : fine(
        "Only an engine or a container of this engine listens there",
        engines.map(({ socket }) => describeSocket(socket)),
      );
});

/** Keeps the kernel from handing a port out to connections, besides those that are kept already. */
const reserve = (port: number, reserved: string | null): string => {
  const all = [reserved ?? "", String(port)].filter((part) => part !== "").join(",");
  return `sysctl -w net.ipv4.ip_local_reserved_ports=${all}`;
};

export const connections = forPort((asked, facts) => {
  const { outer } = facts;
  const met = metIn(outer, wantedAddresses(asked, outer), asked);
  if (met === null) return unread("the socket table where ports of the host are bound", facts);
  const ends = met.filter(({ socket }) => !isBound(socket, asked));
  const held = ends.filter(({ conflict }) => conflict === "yes");
  const evidence = ends.map(({ socket }) => describeSocket(socket));
  const remedy = {
    evidence,
    fix: "wait until it is gone (TIME_WAIT takes a minute); keep the port from being handed out to connections: reserve it, or choose one outside ip_local_port_range",
    commands: [reserve(asked.port, outer.reservedPorts)],
  };
  if (held.length > 0) {
    return wrong({
      ...remedy,
      blocks: true,
      holder: `a connection of the host: ${holdersOf(held.map(({ socket }) => socket))}`,
      meaning:
        "A connection of the host has the port as its own end: no listener is shown by `ss -l`, and the port cannot be bound",
    });
  }
  if (ends.some(({ conflict }) => conflict === "maybe")) {
    return risky({
      ...remedy,
      meaning:
        "A connection has the port at one end: if that end opened the connection, the port cannot be bound",
    });
  }
  return fine(
    ends.length === 0
      ? "No connection of the host has the port as its end"
      : "Connections there were accepted on the port: they let another listener bind it",
    evidence,
  );
});

export const otherEngine = forPort((asked, facts) => {
  const { outer, otherEngines } = facts;
  const met = metIn(outer, wantedAddresses(asked, outer), asked);
  if (met === null) return unread("the socket table where ports of the host are bound", facts);
  const held = met.filter(({ socket }) => socket.holder?.part === "other-engine");
  if (held.some(({ conflict }) => conflict !== "no")) {
    return wrong({
      blocks: true,
      holder: `another engine: ${holdersOf(held.map(({ socket }) => socket))}`,
      evidence: held.map(({ socket }) => describeSocket(socket)),
      meaning:
        "Another engine on this machine has published the port: it is in none of this engine's lists",
      fix: "remove the container there (its `docker ps` shows it), or publish another port",
    });
  }
  if (otherEngines === null) return unread("whether other engines run on this machine", facts);
  const [hidden] = strangersIn(met, asked, facts).filter(
    ({ socket, conflict }) => socket.holder === null && conflict !== "no",
  );
  if (hidden !== undefined) {
    return unread(
      `whether another engine has the port (${describeSocket(hidden.socket)})`,
      facts,
      facts.reader.uid === 0 ? undefined : "run this as root",
    );
  }
  return fine(
    otherEngines.length === 0
      ? "No other engine runs on this machine"
      : "No other engine on this machine has the port",
    otherEngines.map(
      ({ pid, user, uid, command }) =>
        `pid ${String(pid)} of ${user ?? `uid ${String(uid)}`}: ${shortCommand(command)}`,
    ),
  );
});

/** The addresses of its own namespace that a rootless engine binds for a port, before it asks for the host's. */
const innerAddresses = ({ daemon }: DoctorFacts): readonly string[] =>
  daemon?.portDriver === "builtin" ? ["127.0.0.1", "::1"] : ["0.0.0.0", "::"];

const inContainers = (namespace: NamespaceSeen, wanted: readonly string[], facts: DoctorFacts) =>
  facts.asked === null
    ? []
    : (metIn(namespace, wanted, facts.asked) ?? []).flatMap(({ socket, conflict }) => {
        const container = containerOf(socket, facts);
        return container === null || conflict === "no" ? [] : [{ socket, container }];
      });

/** Where containers with `--network host` listen; null: not known. */
const hostNetworkIn = ({ daemon, processes }: DoctorFacts): "host" | "engine" | null =>
  daemon?.rootless === false ? "host" : (processes?.hostNetwork ?? null);

const PLACES = {
  host: "where ports of the host are bound",
  engine: "of the engine's own namespace",
} as const;

export const hostNetwork = forPort((asked, facts) => {
  const { daemon, outer, inner } = facts;
  const all = daemon?.containers?.filter(({ hostNetwork }) => hostNetwork) ?? null;
  if (all === null)
    return unread("which containers use the host's network", facts, "the engine did not say");
  const running = all.filter(({ state }) => state === "running");
  if (running.length === 0) return fine("No container runs with --network host");
  const onHost = inContainers(outer, wantedAddresses(asked, outer), facts);
  const inEngine = inner === null ? [] : inContainers(inner, innerAddresses(facts), facts);
  const seen = [...onHost, ...inEngine];
  const names = [...new Set(seen.map(({ container }) => container))];
  if (names.length > 0) {
    const place =
      onHost.length > 0
        ? "on the host itself"
        : "in the engine's own namespace, which `ss` on the host does not show";
    return wrong({
      blocks: true,
      holder: `container ${names.join(" and ")}, which uses the host's network`,
      evidence: seen.map(
        ({ socket, container }) => `container ${container}: ${describeSocket(socket)}`,
      ),
      meaning: `A container with --network host listens on the port, ${place}; no published port shows it`,
      fix: "stop that container, or give it a network of its own and publish its port",
      commands: names.map((name) => shellWords(["docker", "stop", name])),
    });
  }
  const place = hostNetworkIn(facts);
  if (place === null) return unread("where containers with --network host listen", facts);
  const { sockets } = (place === "host" ? outer : inner) ?? { sockets: null };
  if (sockets === null) return unread(`the socket table ${PLACES[place]}`, facts);
  const unseen = sockets.filter((socket) => socket.holder === null && isBound(socket, asked));
  if (unseen.length > 0) {
    return unread(`who listens (${unseen.map(describeSocket).join("; ")})`, facts);
  }
  return fine(
    "Containers with --network host run, and none of them listens on the port",
    running.map(({ name }) => `container ${name}`),
  );
});
