/**
 * Whose processor time is whose: by descent, and by what programs are called.
 */
import type { Spender } from "../../harness/core/datapath/measurements.ts";
import type { EngineUnder } from "../evidence/engine-under.ts";
import { ancestorsOf, programOf, type ProcessSeen } from "../evidence/process-table.ts";
import type { TimesRead } from "./processor-times.ts";

type Processes = ReadonlyMap<number, ProcessSeen>;

/** The two ends of what is measured, and the engine between them. */
export interface Parties {
  readonly engine: Pick<EngineUnder, "daemonPid" | "rootlesskitPid" | "rootlesskitChildPid">;
  readonly server: { readonly pid: number; readonly spender: Spender };
  readonly client: { readonly pid: number; readonly spender: Spender };
}

const isShim = (process: ProcessSeen): boolean => programOf(process).startsWith("containerd-shim");

/** Programs of an engine by their own names; what else descends from its head is dockerd's. */
const BY_PROGRAM: readonly (readonly [RegExp, Spender])[] = [
  [/^(?:rootlesskit-)?docker-proxy$/, "docker-proxy"],
  [/^(?:docker-)?rootlesskit$/, "rootlesskit"],
  [/^slirp4netns$/, "slirp4netns"],
  [/^(?:pasta|passt)(?:\.avx2)?$/, "pasta"],
];

/** RootlessKit does not stay pasta's parent, but is told by its command line where the network is. */
const isPastaOf = (process: ProcessSeen, { rootlesskitChildPid }: Parties["engine"]): boolean =>
  rootlesskitChildPid !== null &&
  /^(?:pasta|passt)/.test(programOf(process)) &&
  process.words.some((word) =>
    new RegExp(`(?:^|/)${String(rootlesskitChildPid)}(?:/|$)`).test(word),
  );

const NOTHING: Readonly<Record<Spender, number>> = {
  "docker-proxy": 0,
  rootlesskit: 0,
  slirp4netns: 0,
  pasta: 0,
  dockerd: 0,
  "iperf3-server": 0,
  "iperf3-client": 0,
  "redis-server": 0,
  "redis-client": 0,
  softirq: 0,
  other: 0,
};

/** Null: already in the machine's own figure. */
const spenderOf = (
  process: ProcessSeen,
  processes: Processes,
  { engine, server, client }: Parties,
): Spender | null => {
  // The kernel's own threads for it: their time is softirq time wherever it is booked.
  if (process.words.length === 0 && process.name.startsWith("ksoftirqd/")) return null;
  const ancestors = ancestorsOf(process, processes);
  const line = [process, ...ancestors].map(({ pid }) => pid);
  if (line.includes(client.pid)) return client.spender;
  if (line.includes(server.pid)) return server.spender;
  if (process.pid === engine.rootlesskitPid || process.pid === engine.rootlesskitChildPid) {
    return "rootlesskit";
  }
  const head = engine.rootlesskitPid ?? engine.daemonPid;
  // Its shims may have left the engine's tree: containerd starts them so that they outlive it.
  const ends = [server.pid, client.pid].flatMap((pid) => processes.get(pid) ?? []);
  const isShimOfEnd = ends.some((end) => ancestorsOf(end, processes).includes(process));
  if (isShim(process) && isShimOfEnd) return "dockerd";
  if (isPastaOf(process, engine)) return "pasta";
  if (head === null || !line.includes(head)) return "other";
  // Below a shim are other containers.
  if (ancestors.some(isShim)) return "other";
  const program = programOf(process);
  return BY_PROGRAM.find(([name]) => name.test(program))?.[1] ?? "dockerd";
};

/**
 * What each has spent between two readings, in milliseconds. Pure.
 *
 * A process that began in between has spent all it has; one that ended in between is missed.
 *
 * @param processes - all that were seen around the two readings
 */
export const spentBetween = (
  before: TimesRead,
  after: TimesRead,
  processes: Processes,
  parties: Parties,
): Readonly<Record<Spender, number>> => {
  const spent = { ...NOTHING, softirq: after.machine.softirqMs - before.machine.softirqMs };
  for (const [pid, time] of after.processes) {
    const process = processes.get(pid);
    const delta = time - (before.processes.get(pid) ?? 0);
    if (delta <= 0) continue;
    const spender = process === undefined ? "other" : spenderOf(process, processes, parties);
    if (spender !== null) spent[spender] += delta;
  }
  return spent;
};
