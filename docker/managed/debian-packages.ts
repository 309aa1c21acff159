/**
 * Debian's packages, unpacked and not installed, from wherever this machine gets its own.
 */
import { existsSync, readFileSync } from "node:fs";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { TO_BUILD, ensurePrograms, isRoot, type HostOptions } from "./host-needs.ts";
import { BUILD_MS, runProgram } from "./program.ts";

/** Which packages: those of a release (`bookworm`) for a kind of machine (`amd64`). */
export interface DebianRelease {
  readonly suite: string;
  readonly architecture: string;
}

/** The code name in the text of `/etc/os-release`; null on a system without. */
export const codenameIn = (osRelease: string): string | null =>
  /^VERSION_CODENAME="?([a-z0-9-]+)"?$/m.exec(osRelease)?.[1] ?? null;

/** Debian's names for what Node calls `process.arch`. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "armhf",
  ia32: "i386",
  ppc64: "ppc64el",
  riscv64: "riscv64",
  s390x: "s390x",
};

/** The release that this machine runs; null on a system that is no Debian nor made from one. */
export const ownRelease = (): DebianRelease | null => {
  const file = "/etc/os-release";
  const suite = existsSync(file) ? codenameIn(readFileSync(file, "utf8")) : null;
  const architecture = ARCHITECTURES[process.arch];
  return suite === null || architecture === undefined || !existsSync("/etc/debian_version")
    ? null
    : { suite, architecture };
};

/** One line of `apt-get indextargets`, as asked for by `INDEX_FORMAT`. */
const INDEX_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(SIGNED_BY)";

/**
 * Lines for a `sources.list` that has the suite's packages from this machine's own mirrors.
 *
 * A suite that the machine does not follow is taken from the mirror of the one it does follow. Sources of
 * other vendors are left out: they may carry programs of the same name.
 *
 * @param targets - what `apt-get indextargets` printed in `INDEX_FORMAT`
 */
export const mirrorLines = (targets: string, wanted: string, own: string): readonly string[] => {
  const lines = targets.split("\n").flatMap((line) => {
    const [uri, release, component, origin, signedBy] = line.split("|");
    if (uri === undefined || release === undefined || component === undefined) return [];
    if (origin !== "Debian" && origin !== "Ubuntu") return [];
    // apt leaves the placeholder in place where a source names no key.
    const key = signedBy?.startsWith("/") === true ? ` [signed-by=${signedBy}]` : "";
    if (release === wanted || release.startsWith(`${wanted}-`)) {
      return [`deb${key} ${uri} ${release} ${component}`];
    }
    return release === own ? [`deb${key} ${uri} ${wanted} ${component}`] : [];
  });
  return [...new Set(lines)];
};

/** The first error in what mmdebstrap writes, which is apt's; those after it follow from it. Null for none. */
export const aptError = (complaints: string): string | null =>
  /^E: (.+)$/m.exec(complaints)?.[1] ?? null;

/**
 * From Debian 13 on, packages have everything below /usr, and the links to it are base-files' own: without them no
 * program finds its loader. Run by mmdebstrap with the tree as `$1`.
 */
export const USR_MERGE_HOOK =
  '[ -e "$1/lib" ] || for name in bin lib lib64 sbin; do [ ! -d "$1/usr/$name" ] || ln -s "usr/$name" "$1/$name"; done';

export interface ExtractOptions extends HostOptions {
  readonly release: DebianRelease;
  /** Taken with all they depend on. */
  readonly packages: readonly string[];
  /** Path of the tar file to write. */
  readonly target: string;
  /** Shell patterns of paths to leave out. */
  readonly exclude: readonly string[];
  /** A tar file to unpack over the packages; null for none. */
  readonly overlay: string | null;
  /** An empty directory for the time of the work. */
  readonly scratch: string;
}

/**
 * Writes a tar file with the contents of packages. No program of theirs is run, so there is no `/etc/passwd`.
 *
 * @throws StressError("environment") when packages cannot be had
 */
export const extractPackages = async (options: ExtractOptions): Promise<void> => {
  const { release, packages, target, exclude, overlay, scratch, narrate, signal } = options;
  await ensurePrograms(TO_BUILD, { narrate, signal });
  const targets = await runProgram(
    "apt-get",
    ["indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"],
    { signal },
  );
  const own = ownRelease()?.suite ?? release.suite;
  const running = runProgram(
    "mmdebstrap",
    [
      "--variant=extract",
      `--architectures=${release.architecture}`,
      `--include=${packages.join(",")}`,
      // A release under development may have an index past its date while its mirror catches up.
      "--aptopt=Acquire::Check-Valid-Until false",
      ...exclude.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
      `--extract-hook=${USR_MERGE_HOOK}`,
      ...(overlay === null ? [] : [`--extract-hook=tar-in ${overlay} /`]),
      release.suite,
      target,
      ...mirrorLines(targets, release.suite, own),
    ],
    {
      signal,
      deadlineMs: BUILD_MS,
      // As root the half-made tree stays in our own directory, where the next build finds it if this one
      // is killed. Otherwise mmdebstrap works under other user ids, which need not be let in here.
      env: isRoot() ? { ...process.env, TMPDIR: scratch } : process.env,
    },
  );
  await running.catch((cause: unknown) => {
    signal.throwIfAborted();
    const complaints = cause instanceof StressError ? messageOf(cause.cause) : "";
    const why = aptError(complaints) ?? messageOf(cause);
    throw new StressError("environment", `No packages from Debian ${release.suite}: ${why}`, {
      cause,
    });
  });
};
