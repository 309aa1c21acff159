/**
 * Builds an engine directory from Debian's packages.
 *
 * The packages are unpacked and not installed: installing `docker.io` starts a second, rootful daemon on the
 * user's machine, whose containers take the very ports that a run wants to watch.
 */
import { StressError } from "../../harness/core/errors.ts";
import { ownRelease } from "./debian-packages.ts";
import { keptDebianPrograms } from "./debian-programs.ts";
import type { HostOptions } from "./host-needs.ts";

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

/** Debian's own releases; those of systems made from Debian, such as Ubuntu, have other names. */
const DEBIANS: ReadonlySet<string> = new Set(["bullseye", "bookworm", "trixie", "forky", "sid"]);

/** The release with the newest engine among the package sources of a machine that runs `own`. Pure. */
export const newestSuite = (own: string): string => (DEBIANS.has(own) ? "sid" : own);

/** The package with the command line. Pure. */
export const cliPackage = (suite: string): "docker.io" | "docker-cli" =>
  CLI_APART.has(suite) ? "docker-cli" : "docker.io";

const packagesOf = (suite: string): readonly string[] => [
  ...new Set([...PACKAGES, cliPackage(suite)]),
];

export interface DebianEngineOptions extends HostOptions {
  readonly stateDir: string;
  readonly suite: string;
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
    throw new StressError(
      "environment",
      `debian:${options.suite} can only be built on a Debian system, from whose mirrors its packages come; name a directory with --engine DIR`,
    );
  }
  const release = { ...own, suite: options.suite };
  return await keptDebianPrograms({
    stateDir,
    place: "engines",
    name: "debian",
    what: "a Docker engine",
    release,
    packages: packagesOf(release.suite),
    programs: PROGRAMS,
    narrate,
    signal,
  });
};
