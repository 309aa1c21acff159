/**
 * Limits of the kernel that a burst can meet.
 */
import { count, formatShare } from "../units.ts";
import { fine, risky, unread, wrong, type Judge } from "./check.ts";
import type { DoctorFacts } from "./facts.ts";

/** Of one stack: a database, a cache, a column store. */
const CONTAINERS_PER_JOB = 3;

const containersOf = ({ n }: DoctorFacts): number => CONTAINERS_PER_JOB * n;

const TIGHT = 0.8;
const FULL = 0.95;

export const conntrack: Judge = (facts) => {
  const tables = [
    { where: "where ports of the host are bound", table: facts.outer.conntrack },
    ...(facts.inner === null
      ? []
      : [{ where: "in the engine's namespace", table: facts.inner.conntrack }]),
  ];
  const read = tables.flatMap(({ where, table }) => (table === null ? [] : [{ where, ...table }]));
  if (read.length === 0) {
    return unread(
      "the table of tracked connections",
      facts,
      "this kernel has none, or does not show it",
    );
  }
  const evidence = read.map(
    ({ where, count: used, max }) =>
      `${where}: ${String(used)} of ${String(max)} (${formatShare(max === 0 ? 0 : used / max)})`,
  );
  // 0 is no limit.
  const share = Math.max(...read.map(({ count: used, max }) => (max === 0 ? 0 : used / max)));
  if (share < TIGHT) return fine("There is room in the table of tracked connections", evidence);
  const finding = {
    evidence,
    meaning:
      "The table of tracked connections is nearly full: a full one drops new connections silently",
    fix: "find who opens so many connections, or widen the table",
    commands: [
      `sysctl -w net.netfilter.nf_conntrack_max=${String(2 * Math.max(...read.map(({ max }) => max)))}`,
    ],
  };
  return share >= FULL ? wrong({ ...finding, blocks: false }) : risky(finding);
};

export const inotify: Judge = (facts) => {
  const { machine, daemon } = facts;
  const limit = machine.inotifyInstances;
  if (limit === null) return unread("fs.inotify.max_user_instances", facts);
  const needed = containersOf(facts);
  const evidence = [`fs.inotify.max_user_instances = ${String(limit)}`];
  const version =
    daemon?.cgroupVersion ?? (machine.cgroup === null ? null : String(machine.cgroup.version));
  if (version === "1" || daemon?.cgroupDriver === "none") {
    return fine(
      "Containers take no inotify instance here: their memory events are not watched",
      evidence,
    );
  }
  if (needed <= limit) return fine(`${count(needed, "container")} at once fit`, evidence);
  return risky({
    evidence,
    meaning: `Each container's shim watches its cgroup with an inotify instance: ${count(needed, "container")} at once need more than one user may have`,
    fix: "raise the limit",
    commands: [`sysctl -w fs.inotify.max_user_instances=${String(4 * needed)}`],
  });
};

export const keyrings: Judge = (facts) => {
  const { keys } = facts.machine;
  if (keys === null) return unread("how many keys the engine's user has", facts);
  const needed = containersOf(facts);
  const evidence = [
    `${String(keys.used)} of ${String(keys.max)} keys of the engine's user are in use`,
  ];
  if (keys.used + needed <= keys.max) {
    return fine(
      `${count(needed, "container")} at once, each with a session keyring, fit`,
      evidence,
    );
  }
  return risky({
    evidence,
    meaning: `Each container gets a session keyring, and all of a rootless engine's count for its one user: ${count(needed, "more container", "more containers")} do not fit (\`join session keyring: disk quota exceeded\`)`,
    fix: "raise the limit",
    commands: [`sysctl -w kernel.keys.maxkeys=${String(10 * (keys.used + needed))}`],
  });
};

/**
 * Descriptors for a container: measured on 20.10, with three published ports of both families each, RootlessKit opens
 * 12 and dockerd 6; the rest is for connections.
 */
const FILES_PER_CONTAINER = 16;

export const openFiles: Judge = (facts) => {
  const { processes } = facts;
  if (processes === null) return unread("the limits of dockerd", facts);
  if (processes.files.length === 0) return unread("the limits of dockerd", facts);
  const needed = FILES_PER_CONTAINER * containersOf(facts);
  const evidence = processes.files.map(
    ({ who, limit, used }) => `${who}: ${String(used)} of ${String(limit)} descriptors`,
  );
  const tight = processes.files.filter(({ limit, used }) => used + needed > limit);
  if (tight.length === 0)
    return fine(
      `Descriptors for ${count(containersOf(facts), "container")} at once are there`,
      evidence,
    );
  return risky({
    evidence,
    meaning: `${tight.map(({ who }) => who).join(" and ")} may run out of file descriptors with ${count(containersOf(facts), "container")} at once (about ${String(needed)} more)`,
    fix: "raise LimitNOFILE of the engine's unit, and restart it",
  });
};

export const backlog: Judge = (facts) => {
  const limit = (facts.inner ?? facts.outer).backlog;
  if (limit === null) return unread("net.core.somaxconn", facts);
  const needed = containersOf(facts);
  const evidence = [`net.core.somaxconn = ${String(limit)}`];
  if (needed <= limit) return fine("A burst's connections wait in the daemon's queue", evidence);
  return risky({
    evidence,
    meaning: `${count(needed, "request")} at once are more than may wait at the daemon's socket: some are refused (EAGAIN)`,
    fix: "raise the limit, and restart the engine",
    commands: [`sysctl -w net.core.somaxconn=${String(2 * needed)}`],
  });
};
