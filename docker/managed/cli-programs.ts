/**
 * The docker command line and its compose plugin, for runners that start them as processes: those of this machine,
 * else some out of Debian's packages. What the user has set up for them is neither read nor changed.
 */
import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { isAtLeast } from "../../harness/core/known-engines.ts";
import { cliPackage } from "./debian-engine.ts";
import { ownRelease, type DebianRelease } from "./debian-packages.ts";
import { keptDebianPrograms, type KeptProgramsOptions } from "./debian-programs.ts";
import { versionIn } from "./engine-directory.ts";
import type { HostOptions } from "./host-needs.ts";
import { SYSTEM_PATH, findProgram, runProgram } from "./program.ts";
import { contentKey, renameUnlessThere, scratchDirectory } from "./state-directory.ts";

/** A program that has been run once to ask for its version. */
export interface CliProgram {
  readonly path: string;
  /** As it says, e.g. `28.2.2`, `2.26.1-4`. */
  readonly version: string;
  readonly origin: "installed" | "engine" | "built";
}

export interface CliOptions extends HostOptions {
  /** Where an installed one may be, written like PATH; without it, this process's PATH and the system's own. */
  readonly searchPath?: string;
  readonly stateDir: string;
}

const installedPlaces = ({ searchPath }: CliOptions): string =>
  searchPath ?? `${process.env["PATH"] ?? ""}:${SYSTEM_PATH}`;

/** As messages call them. */
const DOCKER = "docker command";
const COMPOSE = "docker compose 2";

/** What the program prints; null where it does not run. */
const saidBy = (
  path: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | null> =>
  runProgram(path, args, { signal }).catch(() => {
    signal.throwIfAborted();
    return null;
  });

/** Null for what only goes by the name of docker: podman's stand-in is a client of another engine. Pure. */
export const dockerVersion = (said: string): string | null =>
  said.startsWith("Docker version ") ? versionIn(said) : null;

const dockerIn = async (path: string, signal: AbortSignal): Promise<string | null> =>
  dockerVersion((await saidBy(path, ["--version"], signal)) ?? "");

/** @throws StressError("environment") on a system that is no Debian nor made from one */
const releaseFor = (what: string): DebianRelease => {
  const release = ownRelease();
  if (release !== null) return release;
  throw new StressError(
    "environment",
    `There is no ${what} on this machine, and on a system that is no Debian none can be built; install one`,
  );
};

/** @throws StressError("environment") saying what is missing, when packages cannot be had */
const keep = (options: Omit<KeptProgramsOptions, "place">): Promise<string> =>
  keptDebianPrograms({ ...options, place: "programs" }).catch((cause: unknown) => {
    options.signal.throwIfAborted();
    throw new StressError(
      "environment",
      `There is no ${options.what} on this machine and none can be built; install one. ${messageOf(cause)}`,
      { cause },
    );
  });

/** @throws StressError("environment") where what was built does not run */
const built = (path: string, version: string | null): CliProgram => {
  if (version !== null) return { path, version, origin: "built" };
  throw new StressError("environment", `${path} was built here but does not run; remove it`);
};

/**
 * A docker client: the one that a user of this machine would start, else the engine's own, else Debian's.
 *
 * @param options.enginePrograms - directories of the engine's programs, written like PATH; null where not ours
 * @throws StressError("environment") when none can be had
 */
export const ensureDockerCli = async (
  options: CliOptions & { readonly enginePrograms: string | null },
): Promise<CliProgram> => {
  const { enginePrograms, stateDir, narrate, signal } = options;
  const places = [
    ["installed", installedPlaces(options)],
    ["engine", enginePrograms ?? ""],
  ] as const;
  for (const [origin, place] of places) {
    const path = findProgram("docker", place);
    const version = path === null ? null : await dockerIn(path, signal);
    if (path !== null && version !== null) return { path, version, origin };
  }
  const release = releaseFor(DOCKER);
  const home = await keep({
    stateDir,
    name: "docker-cli",
    what: DOCKER,
    release,
    packages: [cliPackage(release.suite)],
    programs: ["docker"],
    narrate,
    signal,
  });
  const path = join(home, "bin/docker");
  return built(path, await dockerIn(path, signal));
};

/** The first with `up --wait`; the one before it, in Python, is another program of the same name. */
const FIRST_COMPOSE = "2.1.1";

/** Null for one that is too old, and for what is none. Pure. */
export const composeVersion = (said: string): string | null => {
  const version = /^v?(\d+\.\d+\.\d+\S*)\s*$/.exec(said)?.[1] ?? null;
  return version !== null && isAtLeast(version, FIRST_COMPOSE) ? version : null;
};

const composeAt = async (path: string, signal: AbortSignal): Promise<string | null> =>
  // The plugin is a program in its own right.
  composeVersion((await saidBy(path, ["version", "--short"], signal)) ?? "");

/** Where the docker command looks for plugins on every system, after the user's own directory. */
const PLUGIN_DIRS = [
  "/usr/local/lib/docker/cli-plugins",
  "/usr/local/libexec/docker/cli-plugins",
  "/usr/lib/docker/cli-plugins",
  "/usr/libexec/docker/cli-plugins",
].join(":");

/** The release from which a Debian takes it: up to bookworm its own is the one in Python. */
const COMPOSE_SUITES: Readonly<Record<string, string>> = {
  bullseye: "trixie",
  bookworm: "trixie",
  trixie: "trixie",
  forky: "forky",
  sid: "sid",
};

/** Which package of which release brings the plugin: Ubuntu has another name for it. Pure. */
export const composePackage = (
  release: DebianRelease,
): { readonly release: DebianRelease; readonly name: string } => {
  const suite = COMPOSE_SUITES[release.suite];
  return suite === undefined
    ? { release, name: "docker-compose-v2" }
    : { release: { ...release, suite }, name: "docker-compose" };
};

/**
 * The compose plugin: an installed one that has `up --wait`, else Debian's.
 *
 * @param options.pluginDirs - where an installed one may be, written like PATH; without it, where docker looks
 * @throws StressError("environment") when none can be had
 */
export const ensureCompose = async (
  options: CliOptions & { readonly pluginDirs?: string },
): Promise<CliProgram> => {
  const { stateDir, narrate, signal } = options;
  const home = process.env["HOME"] ?? "";
  const own = home === "" ? "" : join(home, ".docker/cli-plugins");
  for (const place of [options.pluginDirs ?? `${own}:${PLUGIN_DIRS}`, installedPlaces(options)]) {
    const path = findProgram("docker-compose", place);
    const version = path === null ? null : await composeAt(path, signal);
    if (path !== null && version !== null) return { path, version, origin: "installed" };
  }
  const { release, name } = composePackage(releaseFor(COMPOSE));
  const kept = await keep({
    stateDir,
    name: "docker-compose",
    what: COMPOSE,
    release,
    packages: [name],
    programs: ["docker-compose"],
    narrate,
    signal,
  });
  const path = join(kept, "bin/docker-compose");
  return built(path, await composeAt(path, signal));
};

/**
 * A configuration directory for the docker command, with compose as its only plugin and nothing else: no contexts,
 * credentials or proxies of the user's.
 *
 * @param compose - path of the plugin; null where it is not needed
 * @returns its path, the same for the same plugin
 */
export const cliConfig = async (stateDir: string, compose: string | null): Promise<string> => {
  const home = join(stateDir, "programs", `docker-config-${contentKey([compose ?? ""])}`);
  if (existsSync(join(home, "config.json"))) return home;
  const scratch = await scratchDirectory(stateDir);
  try {
    const directory = join(scratch, "config");
    await mkdir(join(directory, "cli-plugins"), { recursive: true });
    await writeFile(join(directory, "config.json"), "{}\n");
    if (compose !== null) await symlink(compose, join(directory, "cli-plugins/docker-compose"));
    await mkdir(dirname(home), { recursive: true });
    await renameUnlessThere(directory, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return home;
};
