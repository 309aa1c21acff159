/**
 * From where dynamic ports are taken: the engine's range, the host's, other engines' and this tool's own.
 */
import { retriesAddPort, RETRYING_VERSIONS } from "../known-engines.ts";
import { shellWords } from "../shell-words.ts";
import { fine, notHere, risky, unread, wrong, type Judge } from "./check.ts";
import type { DoctorFacts } from "./facts.ts";

type Range = readonly [number, number];

const text = ([first, last]: Range): string => `${String(first)}–${String(last)}`;

const shared = ([a, b]: Range, [c, d]: Range): Range | null => {
  const range = [Math.max(a, c), Math.min(b, d)] as const;
  return range[0] <= range[1] ? range : null;
};

/** Below this are services; nothing above is. */
const LOWEST = 15_360;
const HIGHEST = 65_535;

/**
 * The widest range that meets none of these; null where less than a thousand ports are left in one piece. Of
 * equals, the lowest.
 */
export const rangeApart = (taken: readonly Range[]): Range | null => {
  const sorted = taken.toSorted(([a], [b]) => a - b);
  let next = LOWEST;
  let widest: Range | null = null;
  for (const [first, last] of [...sorted, [HIGHEST + 1, HIGHEST + 1] as const]) {
    const gap = [next, first - 1] as const;
    if (gap[1] - gap[0] > (widest === null ? 999 : widest[1] - widest[0])) widest = gap;
    next = Math.max(next, last + 1);
  }
  return widest;
};

const rangesOfOthers = ({ otherEngines }: DoctorFacts): readonly Range[] =>
  (otherEngines ?? []).flatMap(({ portRange }) => (portRange === null ? [] : [portRange]));

/** Gives the engine's namespace a range of its own. */
const separate = (facts: DoctorFacts): readonly string[] => {
  const { outer, processes, probePorts } = facts;
  const apart = rangeApart([
    ...(outer.portRange === null ? [] : [outer.portRange]),
    ...rangesOfOthers(facts),
    probePorts,
  ]);
  if (apart === null || processes === null || processes.enter.length === 0) return [];
  const value = `net.ipv4.ip_local_port_range=${String(apart[0])} ${String(apart[1])}`;
  return [shellWords([...processes.enter, "sysctl", "-w", value])];
};

const APART =
  "give the engine's namespace a range of its own, before its first container: dockerd reads it once, and the namespace goes with the engine, so a lasting one is set by what starts dockerd (moby#53153); or move the host's range (`/etc/sysctl.d`)";

export const portRange: Judge = (facts) => {
  const { outer, inner, daemon, processes } = facts;
  if (daemon?.rootless === false || processes?.rootless === false) {
    return notHere("a rootful engine binds in the host's namespace and sees itself what is taken");
  }
  if (outer.portRange === null) return unread("ip_local_port_range of the host", facts);
  if (inner === null || inner.portRange === null) {
    return unread("ip_local_port_range of the engine's namespace", facts);
  }
  const evidence = [
    `the engine's namespace: ${text(inner.portRange)}`,
    `the host: ${text(outer.portRange)}`,
  ];
  const both = shared(inner.portRange, outer.portRange);
  if (both === null) {
    return fine("The engine takes dynamic ports from a range that the host does not use", evidence);
  }
  const finding = {
    evidence: [...evidence, `both: ${text(both)}`],
    fix: APART,
    commands: separate(facts),
  };
  const why =
    "The engine chooses dynamic ports where the host takes ports for outbound connections, and cannot see those: this is what `AddPort … address already in use` comes from";
  return daemon !== null && retriesAddPort(daemon.version) === false
    ? wrong({
        ...finding,
        blocks: false,
        meaning: `${why}. Engine ${daemon.version} does not try another port (${RETRYING_VERSIONS} do): the container's start fails`,
      })
    : risky({ ...finding, meaning: `${why}. The engine then tries another, up to ten times` });
};

export const otherEngines: Judge = (facts) => {
  const { otherEngines: others, inner, outer } = facts;
  if (others === null) return unread("whether other engines run on this machine", facts);
  if (others.length === 0) return fine("No other engine runs on this machine");
  const own = inner?.portRange ?? outer.portRange;
  const evidence = others.map(
    ({ pid, user, uid, rootless, portRange: range }) =>
      `${rootless ? "rootless" : "rootful"} engine, pid ${String(pid)} of ${user ?? `uid ${String(uid)}`}, dynamic ports ${range === null ? "unknown" : text(range)}`,
  );
  if (own === null) return unread("this engine's own range of dynamic ports", facts);
  const met = others.filter(
    ({ portRange: range }) => range !== null && shared(own, range) !== null,
  );
  if (met.length > 0) {
    return risky({
      evidence: [...evidence, `this engine: ${text(own)}`],
      meaning:
        "Another engine takes dynamic ports from the same range, and both start at its beginning: they collide for certain, not by chance",
      fix: APART,
      commands: separate(facts),
    });
  }
  const unseen = others.filter(({ portRange: range }) => range === null);
  if (unseen.length > 0) {
    return unread(
      `the range of dynamic ports of ${unseen.map(({ pid }) => `pid ${String(pid)}`).join(", ")}`,
      facts,
      "run this as root",
    );
  }
  return fine("Other engines on this machine take their dynamic ports elsewhere", evidence);
};

export const probePorts: Judge = (facts) => {
  const { outer, inner, probePorts: probes } = facts;
  if (outer.portRange === null) return unread("ip_local_port_range of the host", facts);
  const ranges = [
    { whose: "the host's outbound connections", range: outer.portRange },
    ...(inner === null || inner.portRange === null
      ? []
      : [{ whose: "the engine's dynamic ports", range: inner.portRange }]),
  ];
  const evidence = [
    `probes of this tool: ${text(probes)}`,
    ...ranges.map(({ whose, range }) => `${whose}: ${text(range)}`),
  ];
  if (ranges.every(({ range }) => shared(range, probes) === null)) {
    return fine("This tool's own probes stand in nobody's way", evidence);
  }
  return risky({
    evidence,
    meaning:
      "This tool's probes use local ports from a range that others take ports from: it can cause a collision that it then reports",
    fix: `keep ${text(probes)} out of ip_local_port_range`,
    commands: ["sysctl -w net.ipv4.ip_local_port_range='32768 60999'"],
  });
};
