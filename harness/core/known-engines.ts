/**
 * What is known of Engine versions, as data with its sources: which retry a port, which have a known problem.
 *
 * All of it is read in moby's source at its tags (to docker-v29.7.2), unless a row says otherwise.
 */

const numbersOf = (version: string): readonly number[] =>
  (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);

/**
 * True from that version on; parts that are not given count as zero: `28.3` is `28.3.0`. What stands behind the
 * numbers (`+dfsg1`, `-rc.1`) is not looked at.
 */
export const isAtLeast = (version: string, since: string): boolean => {
  const [have, want] = [numbersOf(version), numbersOf(since)];
  for (let index = 0; index < Math.max(have.length, want.length); index += 1) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/** The newest release whose source was read. What later ones do is not known. */
const LAST_READ = "29.7.2";

/** True for an engine that is newer than all that was read. */
const isUnread = (version: string): boolean => !isAtLeast(LAST_READ, version);

/** True for text that starts with a version's numbers, such as `28.5.2` or `20.10.24+dfsg1`. */
const isVersion = (text: string): boolean => /^\d+\.\d/.test(text);

/** Whether an engine tries another dynamic port when RootlessKit refuses one; the last row not newer counts. */
const ADD_PORT: readonly {
  readonly since: string;
  readonly retries: boolean;
  readonly source: string;
}[] = [
  {
    since: "0",
    retries: true,
    source:
      "libnetwork/portmapper, later drivers/bridge attemptBindHostPorts: RootlessKit's proxy is started in the loop",
  },
  {
    since: "28.0.0",
    retries: false,
    source: "moby#48132 (f1e0746c08): dockerd asks RootlessKit itself, after the loop",
  },
  {
    since: "28.3.0",
    retries: true,
    source: "moby#50054 (19dc38f79b): the call is back in the loop",
  },
  {
    since: "29.0.0",
    retries: false,
    source: "moby#50691 (14262696d7): the loop moved below the call",
  },
];

/** Versions whose dynamic ports are tried again, for sentences. */
export const RETRYING_VERSIONS = "20.10–27 and 28.3–28.5";

/**
 * True when this engine tries up to ten dynamic ports before it gives up; null for what is no version or is newer
 * than what was read. A fixed port is never tried again.
 */
export const retriesAddPort = (version: string): boolean | null =>
  isVersion(version) && !isUnread(version)
    ? (ADD_PORT.findLast(({ since }) => isAtLeast(version, since))?.retries ?? null)
    : null;

/** What an engine says of itself, as far as a known problem depends on it. */
export interface EngineTraits {
  readonly version: string;
  readonly rootless: boolean;
  /** RootlessKit's, such as `slirp4netns`; null where it is not known or there is none. */
  readonly networkDriver: string | null;
  /** RootlessKit's, such as `builtin`; null where it is not known or there is none. */
  readonly portDriver: string | null;
}

export interface KnownProblem {
  readonly id: string;
  /** `problem`: it breaks what is published. `warning`: it makes a failure likelier or harder to read. */
  readonly weight: "problem" | "warning";
  /** Versions it is in, for people. */
  readonly versions: string;
  readonly what: string;
  readonly remedy: string;
  /** Threads and commits. */
  readonly source: string;
}

type Row = KnownProblem & {
  readonly since: string;
  /** The first version without it; null: none yet. */
  readonly until: string | null;
  readonly applies: (engine: EngineTraits) => boolean;
};

const hasSlirpPorts = ({ rootless, portDriver }: EngineTraits): boolean =>
  rootless && portDriver === "slirp4netns";

/** Engines whose RootlessKit binds the published port in the host's namespace. */
const hasAddPort = ({ rootless, portDriver }: EngineTraits): boolean =>
  rootless && portDriver !== "implicit";

const NO_RETRY = {
  weight: "warning",
  what: "this engine does not retry a dynamic port that somebody on the host holds: one outbound connection on it fails a container's start",
  remedy:
    "publish nothing, keep the ip_local_port_range of the engine's namespace apart from the host's, or use 28.3–28.5",
} as const;

const KNOWN: readonly Row[] = [
  {
    id: "slirp4netns-ports",
    weight: "problem",
    since: "29.0.0",
    until: "29.1.2",
    versions: "29.0.0–29.1.1",
    applies: hasSlirpPorts,
    what: "with the slirp4netns port driver every published port fails with `address already in use`, held by nobody",
    remedy:
      "update to 29.1.2, or use the builtin port driver (DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=builtin)",
    source: "moby#51591, fixed by moby#51616 (52fae09ec0)",
  },
  {
    id: "slirp4netns-proxy",
    weight: "problem",
    since: "20.10.6",
    until: "20.10.7",
    versions: "20.10.6",
    applies: hasSlirpPorts,
    what: "the slirp4netns port driver knows no IPv6, and every published port waits for its proxy in vain",
    remedy: "update to 20.10.7, or use the builtin port driver",
    source: "rootlesskit#250, fixed by rootlesskit#249",
  },
  {
    id: "slirp4netns-ipv6",
    weight: "problem",
    since: "28.0.0",
    until: "28.0.1",
    versions: "28.0.0",
    applies: hasSlirpPorts,
    what: "the slirp4netns port driver knows no IPv6, and this engine takes that for a failure of every published port",
    remedy: "update to 28.0.1, or publish on an IPv4 address (`-p 0.0.0.0:8080:80`)",
    source: "moby#49499, fixed by moby#49514 (501ce33bab)",
  },
  {
    id: "add-port-not-retried-28",
    ...NO_RETRY,
    since: "28.0.0",
    until: "28.3.0",
    versions: "28.0.0–28.2.2",
    applies: hasAddPort,
    source: "moby#48132, mended by moby#50054",
  },
  {
    id: "add-port-not-retried-29",
    ...NO_RETRY,
    since: "29.0.0",
    until: null,
    versions: "29.0.0–29.7.2 (the last read)",
    applies: hasAddPort,
    source: "moby#50691; moby#52903, moby#53153, moby#52927",
  },
  {
    id: "second-start-without-network",
    weight: "warning",
    since: "29.1.0",
    until: null,
    versions: "29.1.0 and later",
    applies: () => true,
    what: "a container whose first start was refused starts the second time without any network, and the engine reports success",
    remedy: "remove the container and create it again; do not start it again",
    source: "moby#51758 (reported for 29.1.2); measured on 29.6.0 on 2026-11-30; not on 28.5.2",
  },
  {
    id: "loopback-handed-out-twice",
    weight: "warning",
    since: "29.6.0",
    until: null,
    versions: "29.6.0–29.7.2 (the last read)",
    applies: hasAddPort,
    what: "dynamic ports on a loopback address other than 127.0.0.1 are counted apart and can be handed out a second time",
    remedy: "publish dynamic ports on one address only",
    source: "moby#52804 (df4e5607ed), read and not run",
  },
  {
    id: "implicit-ports-are-silent",
    weight: "warning",
    since: "0",
    until: null,
    versions: "all, with the implicit port driver (pasta)",
    applies: ({ rootless, portDriver }) => rootless && portDriver === "implicit",
    what: "pasta forwards ports by itself: a port that the host holds is not refused, the service is just not reachable",
    remedy: "look for the holder with this command before a fixed port is published",
    source: "rootlesskit pkg/port; moby rootless/specconv NewPortDriverClient, read and not run",
  },
  {
    id: "old-clients-refused",
    weight: "warning",
    since: "29.0.0",
    until: "29.5.0",
    versions: "29.0.0–29.4",
    applies: () => true,
    what: "clients that speak an API below 1.44 (docker CLI before 25) are refused: `client version is too old`",
    remedy: "update the client, or set DOCKER_MIN_API_VERSION for the daemon",
    source: "moby api/common.go at v29.0.0; 29.6.0 accepts 1.40 (measured)",
  },
  {
    id: "netns-restore-noise",
    weight: "warning",
    since: "29.5.0",
    until: null,
    versions: "29.5.0–29.7.2 (the last read)",
    applies: ({ rootless }) => rootless,
    what: "the daemon's log has `failed to restore thread's network namespace` at every container start: noise, not a cause",
    remedy: "do not search there",
    source: "moby#47103 (84aedb8055), moby#52933; measured on 29.6.0",
  },
];

const problemsOf = (engine: EngineTraits): readonly KnownProblem[] =>
  KNOWN.filter(
    ({ since, until, applies }) =>
      isAtLeast(engine.version, since) &&
      (until === null || !isAtLeast(engine.version, until)) &&
      applies(engine),
  ).map(({ id, weight, versions, what, remedy, source }) => ({
    id,
    weight,
    versions,
    what,
    remedy,
    source,
  }));

/** Whether a row still holds after the last release that was read is not known. */
const notKnown = (version: string): KnownProblem => ({
  id: "newer-than-read",
  weight: "warning",
  versions: `after ${LAST_READ}`,
  what: `this release is newer than ${LAST_READ}, the last whose source was read: what is known of its ports and networks may not hold`,
  remedy: `read the release notes of ${version} for port publishing, and see what it does: stress run --mode ports --n 1,16 --nemesis occupy:150:ephemeral`,
  source: `moby at its tags, to docker-v${LAST_READ}`,
});

/**
 * Every known problem that this engine has, in the order of the table; empty for what is no version. Of an engine
 * newer than all that was read, only that it was not.
 */
export const knownProblems = (engine: EngineTraits): readonly KnownProblem[] => {
  if (!isVersion(engine.version)) return [];
  if (isUnread(engine.version)) return [notKnown(engine.version)];
  return problemsOf(engine);
};

/** One entry of `default-address-pools`: `base` is cut into subnets with a prefix of `size` bits. */
export interface Pool {
  readonly base: string;
  readonly size: number;
}

/**
 * What networks get their subnets from unless daemon.json says otherwise: 15 × /16 and 16 × /20, 31 in all.
 *
 * @see moby/moby libnetwork/ipamutils/utils.go, the same in 20.10 … 29.7.2
 */
export const DEFAULT_POOLS: readonly Pool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/16", size: 16 },
  { base: "172.19.0.0/16", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/14", size: 16 },
  { base: "172.28.0.0/14", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];
