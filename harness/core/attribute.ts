/**
 * From what was seen to the cause: who or what stood behind a failure, how sure that is, and the evidence in a
 * sentence. Pure, so that an old journal can be read again when the tool has learned something.
 */
import { addressesMeet, ANY_4, ANY_6, endpoint } from "./addresses.ts";
import type { Cause, Certainty } from "./causes.ts";
import type { FailureClass } from "./classes.ts";
import { conflictWith } from "./doctor/conflict.ts";
import { unreachable } from "./errors.ts";
import type { EventOf } from "./events.ts";
import type { Holder, PortUser, Sight, SightOf, SocketSeen } from "./evidence.ts";
import type { RunHistory, Step, WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import { forwardNamedIn } from "./forward-named.ts";
import type { JobFailure } from "./outcome.ts";
import { rivalsFor, type Rival } from "./rivals.ts";
import { count, formatMillis, millis, type Millis } from "./units.ts";

export interface Attribution {
  /** Null where the evidence could not be read, or where there is none of that kind to have. */
  readonly cause: Cause | null;
  readonly certainty: Certainty;
  /** What was seen, concretely, for people; to be read after the cause's meaning and a colon. */
  readonly sentence: string;
  /** From the failure to the beginning of the look; null where nothing was looked at. */
  readonly after: Millis | null;
}

/** A failed operation, as far as its cause is concerned. */
export interface Failed {
  readonly class: FailureClass;
  /** Raw. */
  readonly message: string;
  readonly run: string;
  readonly job: string;
  /** Other jobs of the wave that had the port, or were about to. */
  readonly rivals: readonly Rival[];
  /** The host's `ip_local_port_range`; null where it is not known. */
  readonly hostPortRange: readonly [number, number] | null;
}

type Finding = Omit<Attribution, "after">;

const shown = (cause: Cause, sentence: string): Finding => ({
  cause,
  certainty: "shown",
  sentence,
});
const inferred = (cause: Cause, sentence: string): Finding => ({
  cause,
  certainty: "inferred",
  sentence,
});
const open = (sentence: string): Finding => ({ cause: null, certainty: "open", sentence });

const connectionOf = (socket: SocketSeen): string =>
  `${endpoint(socket.localAddress, socket.localPort)} → ${endpoint(socket.remoteAddress, socket.remotePort)}`;

const PROGRAM = /^\S*?([^/\s]{1,60})(?:\s|$)/;

const holderText = ({ holder, uid }: SocketSeen): string => {
  if (holder === null) return `a process of uid ${String(uid)} that may not be looked into`;
  const program = PROGRAM.exec(holder.command)?.[1] ?? holder.command;
  return `${program} (pid ${String(holder.pid)}, user ${holder.user ?? String(holder.uid)})`;
};

/** The addresses that the refused bind was for: of one family where the words say which. */
const wantedBy = ({
  message,
  hostIp,
}: Pick<Failed, "message"> & { hostIp: string }): readonly string[] => {
  if (hostIp === "") return [ANY_4, ANY_6];
  if (hostIp === ANY_4 && !message.includes(`${ANY_4}:`)) return [ANY_4, ANY_6];
  return [hostIp];
};

/** Whether a publication on this address meets one of the wanted ones; an empty one is on all. */
const meetsWanted = (hostIp: string, wanted: readonly string[]): boolean =>
  hostIp === "" || wanted.some((each) => addressesMeet(each, hostIp));

const isOwn = ({ run, job }: PortUser, failed: Failed): boolean =>
  run === failed.run && job === failed.job;

/** Containers that have the port, not only the wish for it; our own failed one has it no more. */
const usersOf = (sight: SightOf<"port">, failed: Failed): readonly PortUser[] => {
  const wanted = wantedBy({ ...failed, hostIp: sight.hostIp });
  return (sight.containers ?? []).filter(
    (user) => user.running && !isOwn(user, failed) && meetsWanted(user.hostIp, wanted),
  );
};

const byContainer = (user: PortUser, failed: Failed, how: Certainty): Finding => {
  const cause = user.run === failed.run ? "same_run" : "same_engine_container";
  const whose = user.run === failed.run ? `job ${user.job ?? "?"} of this run` : "this engine";
  const sentence = `container ${user.container} of ${whose} had ${endpoint(user.hostIp, user.hostPort)}`;
  return { cause, certainty: how, sentence };
};

const byRival = ({ job, service, hostIp, how }: Rival, port: number): Finding => {
  const what = `${service} of job ${job}`;
  return how === "bound"
    ? shown("same_run", `${what} got ${endpoint(hostIp === "" ? "0.0.0.0" : hostIp, port)}`)
    : inferred("same_run", `${what} was being started with port ${String(port)} at that moment`);
};

/** A listener of the engine under test: a container's forward, or a forward without one. */
const byThisEngine = (
  sight: SightOf<"port">,
  listener: SocketSeen | null,
  failed: Failed,
): Finding | null => {
  const [user] = usersOf(sight, failed);
  if (user !== undefined) return byContainer(user, failed, "shown");
  const wanted = wantedBy({ ...failed, hostIp: sight.hostIp });
  const rival = failed.rivals.find(({ hostIp }) => meetsWanted(hostIp, wanted));
  if (rival !== undefined) return byRival(rival, sight.port);
  const forward = sight.forwards?.find(({ parentIp }) => meetsWanted(parentIp, wanted));
  if (forward !== undefined) {
    const id = `RootlessKit's forward ${String(forward.id)} of ${endpoint(forward.parentIp, forward.parentPort)}`;
    return sight.containers === null
      ? inferred("leaked_forward", `${id} was there; which containers have ports could not be read`)
      : shown("leaked_forward", `${id} was there, and no container had the port`);
  }
  if (listener === null) return null;
  const holding = `${holderText(listener)}, of this engine, listened on the port`;
  return sight.containers === null
    ? open(`${holding}; which containers have ports could not be read`)
    : inferred("leaked_forward", `${holding}, and no container had it`);
};

const ofUid = (sight: SightOf<"port">, uid: number): string | null => {
  const engine = sight.otherEngines?.find((each) => each.rootless && each.uid === uid);
  return engine === undefined ? null : `RootlessKit (pid ${String(engine.pid)})`;
};

const unsure = (finding: Finding | null): Finding | null =>
  finding?.certainty === "shown" ? { ...finding, certainty: "inferred" } : finding;

const byListener = (
  sight: SightOf<"port">,
  listener: SocketSeen,
  failed: Failed,
): Finding | null => {
  const at = endpoint(listener.localAddress, listener.localPort);
  const sentence = `${holderText(listener)} listened on ${at}`;
  if (listener.holder === null) {
    const engine = ofUid(sight, listener.uid);
    return engine === null
      ? inferred("host_listener", sentence)
      : inferred("other_engine", `${sentence}; ${engine} runs as that user`);
  }
  const part: Holder["part"] = listener.holder.part;
  switch (part) {
    case "harness":
      return shown("own_probe", sentence);
    case "other-engine":
      return shown("other_engine", sentence);
    case "this-engine":
      return byThisEngine(sight, listener, failed);
    case "none":
      return shown("host_listener", sentence);
    default:
      return unreachable(part);
  }
};

const byConnection = (socket: SocketSeen): Finding => {
  const sentence = `${connectionOf(socket)} (${socket.state}) of ${holderText(socket)}`;
  return socket.holder?.part === "harness"
    ? shown("own_probe", sentence)
    : shown("outbound_connection", sentence);
};

/** Those of the host's sockets that can have been in the way, the surest first. */
const inTheWay = (sight: SightOf<"port">, failed: Failed) => {
  const sockets = sight.host ?? [];
  const namespace = { sockets, sixOnly: null, portRange: failed.hostPortRange };
  const wanted = wantedBy({ ...failed, hostIp: sight.hostIp });
  return sockets
    .map((socket) => ({
      socket,
      conflict: conflictWith(socket, { wanted, protocol: "tcp", namespace }),
    }))
    .filter(({ conflict }) => conflict !== "no")
    .toSorted((a, b) => Number(a.conflict === "maybe") - Number(b.conflict === "maybe"));
};

const bySocket = (socket: SocketSeen, sight: SightOf<"port">, failed: Failed): Finding | null => {
  if (socket.state === "listen") return byListener(sight, socket, failed);
  return socket.state === "time-wait"
    ? shown("time_wait", connectionOf(socket))
    : byConnection(socket);
};

/** A listener stands for the connections that it accepted, and a live connection before a closed one. */
const KINDS: readonly ((socket: SocketSeen) => boolean)[] = [
  ({ state }) => state === "listen",
  ({ state }) => state !== "listen" && state !== "time-wait",
  ({ state }) => state === "time-wait",
];

const byHostSockets = (sight: SightOf<"port">, failed: Failed): Finding | null => {
  const candidates = inTheWay(sight, failed);
  for (const isOfKind of KINDS) {
    for (const { socket, conflict } of candidates.filter((each) => isOfKind(each.socket))) {
      const finding = bySocket(socket, sight, failed);
      if (finding !== null) return conflict === "yes" ? finding : unsure(finding);
    }
  }
  return null;
};

/** What holds ports in the daemon's namespace for others: its proxies, and itself. */
const PLUMBING =
  /^(?:\S*\/)?(?:dockerd|docker-proxy|rootlesskit(?:-docker-proxy)?|containerd|slirp4netns|pasta)\b/;

/** A listener inside the daemon's namespace that is no proxy: a container with the host's network. */
const byEngineSockets = (sight: SightOf<"port">): Finding | null => {
  const listener = sight.engine?.find(
    ({ state, holder }) => state === "listen" && holder !== null && !PLUMBING.test(holder.command),
  );
  return listener === undefined
    ? null
    : inferred(
        "same_engine_container",
        `${holderText(listener)} listened on ${endpoint(listener.localAddress, listener.localPort)} in the daemon's own namespace: a container with host networking`,
      );
};

const byRule = ({ rules, containers, port }: SightOf<"port">): Finding | null => {
  const [rule] = rules ?? [];
  if (rule === undefined || containers === null || containers.length > 0) return null;
  return inferred(
    "orphan_rule",
    `rule ${String(rule.line)} of chain ${rule.chain} (${rule.backend}) redirects port ${String(port)}, and no container has it: ${rule.rule}`,
  );
};

const privileged = ({ port, unprivilegedStart }: SightOf<"port">): Finding => {
  const start =
    unprivilegedStart === null ? "could not be read" : `is ${String(unprivilegedStart)}`;
  const sentence = `port ${String(port)}, and net.ipv4.ip_unprivileged_port_start ${start}`;
  if (unprivilegedStart === null) return inferred("privileged", sentence);
  return port < unprivilegedStart ? shown("privileged", sentence) : open(sentence);
};

/** What has to be read before it may be said that nobody was there. */
const unread = (sight: SightOf<"port">, name: FailureClass): readonly string[] => {
  const tables: readonly (readonly [string, boolean])[] =
    name === "port.already_allocated"
      ? [["the engine's containers", sight.containers === null]]
      : name === "port.rootlesskit_conflict_id"
        ? [["RootlessKit's forwards", sight.forwards === null]]
        : [
            ["the host's sockets", sight.host === null],
            ["the engine's containers", sight.containers === null],
          ];
  return tables.flatMap(([what, missing]) => (missing ? [what] : []));
};

/** Words by which a table, not a socket, refused: whoever has the entry is the cause. */
const BY_TABLE: ReadonlySet<FailureClass> = new Set([
  "port.already_allocated",
  "port.rootlesskit_conflict_id",
]);

/** Words that do not say that the port was taken. */
const NOT_TAKEN: ReadonlySet<FailureClass> = new Set([
  "port.userland_proxy_timeout",
  "port.userland_proxy_start",
  "port.rootlesskit_driver_error",
]);

const ofPort = (sight: SightOf<"port">, failed: Failed): Finding => {
  if (failed.class === "port.permission_privileged") return privileged(sight);
  if (BY_TABLE.has(failed.class)) {
    const finding = byThisEngine(sight, null, failed) ?? byEngineSockets(sight);
    if (finding !== null) return finding;
  }
  const finding =
    byHostSockets(sight, failed) ??
    byThisEngine(sight, null, failed) ??
    byEngineSockets(sight) ??
    byRule(sight);
  if (finding !== null) return finding;
  const missing = unread(sight, failed.class);
  if (missing.length > 0) {
    return open(
      `${missing.join(" and ")} could not be read, so who held port ${String(sight.port)} is not known`,
    );
  }
  return NOT_TAKEN.has(failed.class)
    ? open(
        `nobody was seen on port ${String(sight.port)}, and the words do not say that it was taken`,
      )
    : shown("gone", `port ${String(sight.port)}`);
};

const ofSubnets = ({ networks }: SightOf<"subnets">, failed: Failed): Finding => {
  if (networks === null) return open("the engine's networks could not be read");
  const holding = networks.filter(({ subnets }) => subnets.length > 0);
  const own = holding.filter(({ run }) => run === failed.run).length;
  const ours = holding.filter(({ run }) => run !== null && run !== failed.run).length;
  const parts = [
    `${String(own)} of this run`,
    ...(ours > 0 ? [`${String(ours)} of other runs`] : []),
    `${String(holding.length - own - ours)} others`,
  ];
  // A network has its subnet before the daemon lists it: in a burst most are in the making when one is refused.
  const sentence =
    `${count(holding.length, "network")} listed with a subnet: ${parts.join(", ")}; ` +
    "those in the making hold theirs unlisted";
  // Engines up to 26 say the same where a route overlaps the pools; that is not to be seen here.
  return failed.class === "network.subnet_exhausted"
    ? inferred("subnets_taken", sentence)
    : open(sentence);
};

const ofName = ({ holders, name, kind }: SightOf<"name">, failed: Failed): Finding => {
  if (holders === null) return open(`who has the name ${name} could not be read`);
  const holder = holders.find(({ run, job }) => run !== failed.run || job !== failed.job);
  if (holder !== undefined) {
    const whose = holder.run === null ? "nobody of this tool" : `run ${holder.run}`;
    return shown(
      "name_taken",
      `${kind} ${name} existed: ${holder.id.slice(0, 12)} of ${whose}, created ${holder.createdAt}`,
    );
  }
  return holders.length > 0
    ? inferred("name_taken", `${kind} ${name} of this very job existed already`)
    : shown("gone", `${kind} ${name}`);
};

const ofDaemon = (sight: SightOf<"daemon">, failed: Failed): Finding => {
  const { state, answers, goroutines } = sight;
  const pid = sight.pid === null ? "dockerd" : `dockerd (pid ${String(sight.pid)})`;
  const kept = goroutines === null ? "" : `; its goroutines are in ${goroutines}`;
  if (state === "T") return shown("daemon_paused", `${pid} was stopped (state T)`);
  if (state === "gone" || state === "Z") {
    return shown(
      "daemon_gone",
      `${pid} no longer existed (${state === "Z" ? "a zombie" : "gone"})`,
    );
  }
  if (failed.class.startsWith("readiness.")) {
    const heard = `the daemon answered (state ${state ?? "unknown"})`;
    if (answers && failed.class === "readiness.connection_refused") {
      return open(
        `${heard}, the connection was refused: nothing listened on the port, or it is not reached from where the probe is`,
      );
    }
    return answers
      ? open(`${heard}: the service itself was not ready`)
      : inferred("daemon_busy", `${pid} did not answer a ping${kept}`);
  }
  if (!answers) {
    if (state !== null) {
      return shown("daemon_busy", `${pid} ran (state ${state}) and did not answer a ping${kept}`);
    }
    return failed.class === "daemon.unreachable"
      ? inferred("daemon_gone", "nobody listened on the daemon's socket")
      : open("the daemon did not answer a ping, and its process could not be seen");
  }
  if (failed.class === "daemon.connection_lost" || failed.class === "daemon.unreachable") {
    return open(`${pid} answered a ping again: it was restarted, or only this connection broke`);
  }
  return inferred("daemon_busy", `${pid} answered a ping again by the time of the look${kept}`);
};

const ofSight = (sight: Sight, failed: Failed): Finding => {
  switch (sight.about) {
    case "port":
      return ofPort(sight, failed);
    case "subnets":
      return ofSubnets(sight, failed);
    case "name":
      return ofName(sight, failed);
    case "daemon":
      return ofDaemon(sight, failed);
    default:
      return unreachable(sight);
  }
};

/** A look that found somebody beats one that came too late, and that one beats one that saw nothing. */
const weight = ({ cause, certainty }: Finding): number => {
  if (cause === null) return 0;
  if (cause === "gone") return 1;
  return certainty === "shown" ? 3 : 2;
};

/** The looks at one step of a job. */
export const looksAt = (
  { looks }: WaveHistory,
  job: string,
  { operation, service, try: number }: Pick<Step, "operation" | "service" | "try">,
): readonly EventOf<"looked">[] =>
  looks.filter(
    (look) =>
      look.job === job &&
      look.operation === operation &&
      (look.service ?? null) === service &&
      (look.try ?? 1) === number,
  );

/** @param looks - those at this very operation; more than one where its words named no port */
export const attribute = (failed: Failed, looks: readonly EventOf<"looked">[]): Attribution => {
  const [best] = looks
    .map((look) => ({ look, finding: ofSight(look.sight, failed) }))
    .toSorted((a, b) => weight(b.finding) - weight(a.finding));
  if (best === undefined) return { ...open("nothing was looked at"), after: null };
  const after = millis(best.look.beganAt - best.look.failedAt);
  const { finding } = best;
  return {
    ...finding,
    sentence:
      finding.cause === "gone"
        ? `${finding.sentence}, ${formatMillis(millis(best.look.at - best.look.failedAt))} after the failure`
        : finding.sentence,
    after,
  };
};

/** A forward that was in the way by its number, and that no job of the wave had: seen when the burst was over. */
const byForwardSeen = (message: string, wave: WaveHistory): Finding | null => {
  const forward = forwardNamedIn(message, wave);
  if (forward === null) return null;
  const { id, parentIp, parentPort } = forward;
  const bound = wave.jobs
    .flatMap(({ burst }) => burst)
    .flatMap(({ answer }) => (answer.kind === "done" ? (answer.bindings ?? []) : []));
  if (bound.some(({ hostPort }) => hostPort === parentPort)) return null;
  return inferred(
    "leaked_forward",
    `RootlessKit's forward ${String(id)} of ${endpoint(parentIp, parentPort)} was there when the burst was over, and no job had the port`,
  );
};

/** The cause of a failure of a job, by everything that its wave's history and plan hold. */
export const attributionOf = (
  { class: name, message, step }: JobFailure,
  where: {
    readonly started: RunHistory["started"];
    readonly job: string;
    readonly wave: WaveHistory;
    /** Null where the journal does not tell. */
    readonly planned: WavePlan | null;
  },
): Attribution => {
  const { started, job, wave } = where;
  const { run, engine } = started;
  const looks = looksAt(wave, job, step);
  const rivals = looks.flatMap(({ sight }) =>
    sight.about === "port" ? rivalsFor(sight.port, { ...where, failedAt: step.answeredAt }) : [],
  );
  if (looks.length === 0) {
    const finding = byForwardSeen(message, wave);
    if (finding !== null) return { ...finding, after: null };
  }
  return attribute(
    { class: name, message, run, job, rivals, hostPortRange: engine.hostPortRange },
    looks,
  );
};
