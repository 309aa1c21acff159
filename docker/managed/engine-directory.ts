/**
 * An engine is a directory of programs: the one that the user names, or the system's.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { printedVersion } from "./program-version.ts";
import { SYSTEM_PATH, findProgram } from "./program.ts";

export interface EngineDirectory {
  readonly origin: "named" | "installed" | "built" | "added";
  /** Directories of its programs, written like PATH. */
  readonly programs: string;
  /** Path of `dockerd`. */
  readonly daemon: string;
  /** Path of `dockerd-rootless.sh`. */
  readonly launcher: string;
  /** As the daemon says, e.g. `28.5.2`. */
  readonly version: string;
}

const REQUIRED = [
  "dockerd",
  "dockerd-rootless.sh",
  "rootlesskit",
  "containerd",
  "containerd-shim-runc-v2",
  "runc",
  "docker-proxy",
];

/** `dockerd-rootless.sh` starts with the first of these that it finds; Docker's archives bring at most vpnkit. */
const NETWORK_DRIVERS = ["slirp4netns", "vpnkit", "pasta", "lxc-user-nic"];

/** From this version on the daemon asks RootlessKit for ports itself. */
const FIRST_WITHOUT_PROXY = 28;

/**
 * The version in what `dockerd --version` prints; null where there is none.
 */
export const versionIn = (output: string): string | null =>
  /version ([0-9][^\s,]*)/.exec(output)?.[1] ?? null;

/** Names of what is needed and is in none of the directories; a network driver may be the system's. */
export const missingPrograms = (programs: string, version: string): readonly string[] => {
  const needsProxy = Number.parseInt(version, 10) < FIRST_WITHOUT_PROXY;
  const required = needsProxy ? [...REQUIRED, "rootlesskit-docker-proxy"] : REQUIRED;
  const missing = required.filter((name) => findProgram(name, programs) === null);
  const everywhere = `${programs}:${SYSTEM_PATH}`;
  const driver = NETWORK_DRIVERS.some((name) => findProgram(name, everywhere) !== null);
  return driver ? missing : [...missing, "slirp4netns"];
};

/**
 * The engine whose programs are in these directories, written like PATH.
 *
 * @param name - what to call it where something is missing
 * @throws StressError("environment") naming all that is missing
 */
export const engineIn = async (
  programs: string,
  {
    origin,
    name,
    signal,
  }: { origin: EngineDirectory["origin"]; name: string; signal: AbortSignal },
): Promise<EngineDirectory> => {
  const daemon = findProgram("dockerd", programs);
  const launcher = findProgram("dockerd-rootless.sh", programs);
  const version =
    daemon === null
      ? null
      : versionIn(await printedVersion(daemon, { trusted: origin !== "added", signal }));
  const missing = missingPrograms(programs, version ?? "");
  if (daemon === null || launcher === null || missing.length > 0) {
    throw new StressError(
      "environment",
      `No rootless engine in ${name}: missing ${missing.join(", ")}`,
    );
  }
  if (version === null) throw new StressError("environment", `${daemon} does not tell its version`);
  return { origin, programs, daemon, launcher, version };
};

/** Where Debian and others put `dockerd-rootless.sh`, which is in nobody's PATH there. */
const CONTRIB_DIRS = "/usr/share/docker.io/contrib:/usr/share/docker/contrib:/usr/libexec/docker";

const INSTALLED_PLACES = `${process.env["PATH"] ?? ""}:${SYSTEM_PATH}:${CONTRIB_DIRS}`;

/**
 * The engine that is installed on this machine; `null` if there is none.
 *
 * @param searchPath - where it may be, written like PATH; without it, this process's PATH and the system's places
 * @throws StressError("environment") when some of its programs are missing
 */
export const installedEngine = async ({
  searchPath = INSTALLED_PLACES,
  signal,
}: {
  readonly searchPath?: string;
  readonly signal: AbortSignal;
}): Promise<EngineDirectory | null> => {
  const found = ["dockerd", "rootlesskit", "dockerd-rootless.sh"].map((name) =>
    findProgram(name, searchPath),
  );
  if (found.includes(null)) return null;
  const name = "the installed programs";
  return await engineIn(searchPath, { origin: "installed", name, signal });
};

/**
 * The engine of a directory that the user names: programs in it, or in `bin` inside it.
 *
 * @throws StressError("usage") when there is no such directory, StressError("environment") when programs are missing
 */
export const namedEngine = async (path: string, signal: AbortSignal): Promise<EngineDirectory> => {
  const directory = resolve(path);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new StressError(
      "usage",
      `No directory ${directory}: an engine is a directory of programs`,
    );
  }
  const bin = join(directory, "bin");
  const programs = existsSync(join(bin, "dockerd")) ? bin : directory;
  return await engineIn(programs, { origin: "named", name: directory, signal });
};
