/**
 * Builds an engine directory from Debian's packages.
 *
 * The packages are unpacked and not installed: installing `docker.io` starts a second, rootful daemon on the
 * user's machine, whose containers take the very ports that a run wants to watch.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { ownRelease } from "./debian-packages.ts";
import { assembleDebianPrograms } from "./debian-programs.ts";
import type { HostOptions } from "./host-needs.ts";
import { contentKey, renameUnlessThere, scratchDirectory } from "./state-directory.ts";

const PACKAGES = [
  "docker.io",
  "containerd",
  "runc",
  "rootlesskit",
  "slirp4netns",
  "tini",
  // For kernels before 5.11, where an ordinary user may not mount overlayfs.
  "fuse-overlayfs",
];

const PROGRAMS = [
  "dockerd",
  "docker-proxy",
  "docker-init",
  "dockerd-rootless.sh",
  "containerd",
  "containerd-shim-runc-v2",
  "runc",
  "rootlesskit",
  "rootlesskit-docker-proxy",
  "slirp4netns",
  "fuse-overlayfs",
  // The command line: runners use it, and so does the benchmark.
  "docker",
];

/** Releases whose docker.io no longer brings the command line. */
const CLI_APART: ReadonlySet<string> = new Set(["trixie", "forky", "sid"]);

const packagesOf = (suite: string): readonly string[] =>
  CLI_APART.has(suite) ? [...PACKAGES, "docker-cli"] : PACKAGES;

export interface DebianEngineOptions extends HostOptions {
  readonly stateDir: string;
  /** A release of Debian; null for the one that this machine runs. */
  readonly suite: string | null;
}

/**
 * The engine of a Debian release as a directory of programs, built at the first call and kept.
 *
 * It appears under its name when it is whole. About ten seconds and 60 MB of packages the first time.
 *
 * @throws StressError("environment") when packages cannot be had
 */
export const ensureDebianEngine = async (options: DebianEngineOptions): Promise<string> => {
  const { stateDir, narrate, signal } = options;
  const own = ownRelease();
  if (own === null) {
    const why =
      options.suite === null
        ? "No engine is installed, and on a system that is no Debian none can be built"
        : `debian:${options.suite} can only be built on a Debian system, from whose mirrors its packages come`;
    throw new StressError("environment", `${why}; name a directory with --engine DIR`);
  }
  const release = { ...own, suite: options.suite ?? own.suite };
  const packages = packagesOf(release.suite);
  // A directory that another version of this list was built from must not be taken for this one.
  const key = contentKey([...packages, ...PROGRAMS]);
  const name = `debian-${release.suite}-${release.architecture}-${key}`;
  const home = join(stateDir, "engines", name);
  if (existsSync(home)) return home;
  narrate(
    `Building a Docker engine from Debian ${release.suite}'s packages into ${home} (${packages.join(", ")}; unpacked, not installed)`,
  );
  const scratch = await scratchDirectory(stateDir);
  try {
    const directory = join(scratch, "engine");
    await assembleDebianPrograms({
      release,
      packages,
      programs: PROGRAMS,
      directory,
      home,
      scratch,
      narrate,
      signal,
    });
    await mkdir(join(stateDir, "engines"), { recursive: true });
    await renameUnlessThere(directory, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return home;
};
