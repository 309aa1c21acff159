/**
 * Reads everything that `stress doctor` judges, at once and each part with a short deadline. Changes nothing: GETs of
 * two APIs, files of `/proc`, and programs that list.
 */
import { setMaxListeners } from "node:events";
import type {
  Asked,
  AttachmentsSeen,
  DaemonSays,
  DoctorFacts,
} from "../../harness/core/doctor/facts.ts";
import { DeadlinePassed, messageOf } from "../../harness/core/errors.ts";
import type { Millis } from "../../harness/core/units.ts";
import { connect } from "../client/connect.ts";
import type { EngineAddress } from "../client/find-engine.ts";
import { engineUnder } from "../evidence/engine-under.ts";
import type { Surroundings } from "../evidence/engines.ts";
import { ancestorsOf, readProcesses, type ProcessSeen } from "../evidence/process-table.ts";
import { rootlesskitForwards, rootlesskitInfo } from "../evidence/rootlesskit.ts";
import { userNames } from "../evidence/users.ts";
import { PROBE_PORTS } from "../probe/local-ports.ts";
import { attachmentsSeen } from "./attachments-seen.ts";
import { daemonSays } from "./daemon-says.ts";
import { firewallSeen, NO_FIREWALL } from "./firewall-seen.ts";
import { machineSeen } from "./machine-seen.ts";
import { namespaceSeen } from "./namespace-seen.ts";
import { otherEnginesSeen } from "./other-engines-seen.ts";
import { environmentOf, processesSeen } from "./processes-seen.ts";

export interface DoctorQuestion {
  readonly asked: Asked | null;
  /** Jobs at once, for the preflight. */
  readonly n: number;
  /** Null where none was found; `missing` says why. */
  readonly address: EngineAddress | null;
  readonly missing: string | null;
  /** How long the daemon may take to say all that it is asked. */
  readonly patience: Millis;
  /** Whether the process of an owner label certainly no longer runs. */
  readonly isOwnerGone: (token: string) => boolean;
  readonly signal: AbortSignal;
}

interface Said {
  readonly daemon: DaemonSays | null;
  readonly silence: string | null;
  readonly attachments: AttachmentsSeen | null;
}

const say = async (question: DoctorQuestion, apiSocket: string | null): Promise<Said> => {
  const { address, missing, isOwnerGone } = question;
  if (address === null) return { daemon: null, silence: missing, attachments: null };
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new DeadlinePassed(question.patience));
  }, question.patience);
  const signal = AbortSignal.any([question.signal, deadline.signal]);
  // One for each container that is inspected.
  setMaxListeners(0, signal);
  try {
    const [docker, rootlesskit] = await Promise.all([
      connect(address, signal),
      apiSocket === null ? null : rootlesskitInfo(apiSocket),
    ]);
    const [daemon, attachments] = await Promise.all([
      daemonSays({ docker, rootlesskit, isOwnerGone, signal }),
      attachmentsSeen(docker, signal).catch(() => null),
    ]);
    return { daemon, silence: null, attachments };
  } catch (error) {
    question.signal.throwIfAborted();
    return { daemon: null, silence: messageOf(error), attachments: null };
  } finally {
    clearTimeout(timer);
  }
};

/** Which of these processes belong to which container: itself, or a descendant of its first process. */
export const inContainers = (
  pids: readonly number[],
  containers: NonNullable<DaemonSays["containers"]>,
  processes: ReadonlyMap<number, ProcessSeen>,
): DoctorFacts["inContainers"] =>
  [...new Set(pids)].flatMap((pid) => {
    const process = processes.get(pid);
    if (process === undefined) return [];
    const line = [pid, ...ancestorsOf(process, processes).map((each) => each.pid)];
    const container = containers.find((each) => each.pid !== null && line.includes(each.pid));
    return container === undefined ? [] : [{ pid, container: container.name }];
  });

/** `unix:///run/user/1000/docker.sock`, as `--host` takes it. */
const hostOf = ({ target }: EngineAddress): string =>
  target.kind === "socket"
    ? `unix://${target.path}`
    : `tcp://${target.host}:${String(target.port)}`;

/** @throws only when the signal of the question aborts */
export const readFacts = async (question: DoctorQuestion): Promise<DoctorFacts> => {
  const { address, asked, n, signal } = question;
  const socketPath = address?.target.kind === "socket" ? address.target.path : null;
  const [engine, table, users] = await Promise.all([
    engineUnder(socketPath),
    readProcesses(),
    userNames(),
  ]);
  const surroundings: Surroundings = { engine, processes: table ?? new Map(), users };
  const { namespace, hostNamespace, apiSocket, rootless, daemonPid } = engine;
  const reader = process.geteuid?.() ?? -1;
  const processes = await processesSeen(engine, users);
  const uid = processes?.uid ?? reader;
  const path = daemonPid === null ? null : ((await environmentOf(daemonPid))?.get("PATH") ?? null);
  const [said, outer, inner, forwards, firewall, others, machine] = await Promise.all([
    say(question, apiSocket),
    namespaceSeen(hostNamespace, asked, surroundings),
    rootless === true && namespace !== null ? namespaceSeen(namespace, asked, surroundings) : null,
    apiSocket === null ? null : rootlesskitForwards(apiSocket),
    firewallSeen(namespace ?? (rootless === true ? null : hostNamespace), { daemonPid, path }),
    table === null ? null : otherEnginesSeen(surroundings),
    machineSeen({ uid, name: users.get(uid) ?? null }),
  ]);
  signal.throwIfAborted();
  const holders = [...(outer.sockets ?? []), ...(inner?.sockets ?? [])].flatMap(
    ({ holder }) => holder?.pid ?? [],
  );
  return {
    asked,
    n,
    reader: { uid: reader, user: users.get(reader) ?? null },
    address: address?.description ?? "the places where one is looked for",
    host: address === null ? null : hostOf(address),
    ...said,
    processes,
    outer,
    inner,
    forwards,
    // The host's rules tell something where no engine answers, and nothing of one that answers from elsewhere.
    firewall: namespace === null && said.daemon !== null ? NO_FIREWALL : firewall,
    otherEngines: others,
    machine,
    inContainers: inContainers(holders, said.daemon?.containers ?? [], surroundings.processes),
    probePorts: PROBE_PORTS,
  };
};
