/**
 * Builds an engine directory from Debian's packages.
 *
 * The packages are unpacked and not installed: installing `docker.io` starts a second, rootful daemon on the
 * user's machine, whose containers take the very ports that a run wants to watch.
 */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { extractPackages, ownRelease } from "./debian-packages.ts";
import type { HostOptions } from "./host-needs.ts";
import { runProgram } from "./program.ts";
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
  // The command line, where docker.io brings it (up to bookworm): runners use it, and so does the benchmark.
  "docker",
];

/**
 * The release whose patchelf (0.14.3) is used for every release: with trixie's (0.18) containerd 1.7.24, a Go
 * program, ends with a segmentation fault at once; with this one it runs.
 */
const PATCHELF_SUITE = "bookworm";

/** Where Debian's packages put programs. */
const PROGRAM_DIRS = [
  "usr/sbin",
  "usr/bin",
  "sbin",
  "bin",
  "usr/libexec/docker",
  "usr/lib/docker",
  "usr/share/docker.io/contrib",
];

const EXCLUDED = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/perl*",
];

interface Tree {
  readonly root: string;
  readonly libraryDirs: readonly string[];
}

/** Debian's directories of shared libraries, of which there are two as long as `/lib` is one of its own. */
const treeAt = (root: string): Tree => {
  const libraryDirs = ["lib", "usr/lib"].flatMap((parent) => {
    const directory = join(root, parent);
    if (!existsSync(directory)) return [];
    const multiarch = readdirSync(directory).filter((name) => name.includes("-linux-"));
    return [...multiarch.map((name) => join(directory, name)), directory];
  });
  return { root, libraryDirs };
};

type Patchelf = (...args: readonly string[]) => Promise<string>;

/** The patchelf of an unpacked tree, run with the libraries that came with it. */
const patchelfIn = (tree: Tree, signal: AbortSignal): Patchelf => {
  const loader = tree.libraryDirs
    .flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path));
  const patchelf = join(tree.root, "usr/bin/patchelf");
  if (loader === undefined || !existsSync(patchelf)) {
    throw new StressError("environment", "Debian's packages brought no patchelf or no loader");
  }
  return (...args) =>
    runProgram(loader, ["--library-path", tree.libraryDirs.join(":"), patchelf, ...args], {
      signal,
    });
};

const isElf = async (patchelf: Patchelf, path: string): Promise<boolean> =>
  patchelf("--print-interpreter", path).then(
    () => true,
    // Scripts and static programs have no interpreter, and need no libraries.
    () => false,
  );

/** Copies the libraries that these files need, and those that they need in turn. */
const copyLibraries = async (
  tree: Tree,
  patchelf: Patchelf,
  files: readonly string[],
  target: string,
): Promise<void> => {
  const waiting = [...files];
  const copied = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const needed = (await patchelf("--print-needed", file)).split("\n").filter(Boolean);
    for (const name of needed) {
      if (copied.has(name)) continue;
      copied.add(name);
      const source = tree.libraryDirs
        .map((directory) => join(directory, name))
        .find((path) => existsSync(path));
      if (source === undefined) {
        throw new StressError(
          "environment",
          `${basename(file)} needs ${name}, which no package brought`,
        );
      }
      const copy = join(target, name);
      await copyFile(realpathSync(source), copy);
      waiting.push(copy);
    }
  }
};

/** Programs and libraries out of an unpacked tree, made to use one another wherever `home` will be. */
const assemble = async (
  tree: Tree,
  { directory, home, patchelf }: { directory: string; home: string; patchelf: Patchelf },
): Promise<void> => {
  const [bin, lib] = [join(directory, "bin"), join(directory, "lib")];
  await mkdir(bin, { recursive: true });
  await mkdir(lib);
  const dynamic: string[] = [];
  for (const name of PROGRAMS) {
    const source = PROGRAM_DIRS.map((programs) => join(tree.root, programs, name)).find((path) =>
      existsSync(path),
    );
    // A release that lacks one it needs is told so when the directory is checked.
    if (source === undefined) continue;
    const copy = join(bin, name);
    await copyFile(realpathSync(source), copy);
    await chmod(copy, 0o755);
    if (await isElf(patchelf, copy)) dynamic.push(copy);
  }
  await copyLibraries(tree, patchelf, dynamic, lib);
  for (const program of dynamic) {
    const loader = basename((await patchelf("--print-interpreter", program)).trim());
    // Both at once, so that sections are moved once.
    await patchelf(
      "--set-interpreter",
      join(home, "lib", loader),
      "--set-rpath",
      join(home, "lib"),
      program,
    );
  }
  for (const library of readdirSync(lib)) {
    // The loader is the one library that is found by name and finds the others.
    if (!library.startsWith("ld-linux")) {
      await patchelf("--set-rpath", join(home, "lib"), join(lib, library));
    }
  }
};

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
    throw new StressError(
      "environment",
      "No engine is installed, and on a system that is no Debian none can be built; name a directory with --engine DIR",
    );
  }
  const release = { ...own, suite: options.suite ?? own.suite };
  // A directory that another version of this list was built from must not be taken for this one.
  const key = contentKey([...PACKAGES, ...PROGRAMS]);
  const name = `debian-${release.suite}-${release.architecture}-${key}`;
  const home = join(stateDir, "engines", name);
  if (existsSync(home)) return home;
  narrate(
    `Building a Docker engine from Debian ${release.suite}'s packages into ${home} (${PACKAGES.join(", ")}; unpacked, not installed)`,
  );
  const scratch = await scratchDirectory(stateDir);
  /** Packages of a release, unpacked into a directory of their own. */
  const unpack = async (suite: string, packages: readonly string[]): Promise<Tree> => {
    const target = join(scratch, `${suite}.tar`);
    await extractPackages({
      release: { ...release, suite },
      packages,
      target,
      exclude: EXCLUDED,
      overlay: null,
      scratch,
      narrate,
      signal,
    });
    const root = join(scratch, suite);
    await mkdir(root);
    await runProgram("tar", ["-xf", target, "-C", root, "--exclude=./dev/*"], { signal });
    return treeAt(root);
  };
  try {
    const oneSuite = release.suite === PATCHELF_SUITE;
    const tree = await unpack(release.suite, oneSuite ? [...PACKAGES, "patchelf"] : PACKAGES);
    const tools = oneSuite ? tree : await unpack(PATCHELF_SUITE, ["patchelf"]);
    const directory = join(scratch, "engine");
    await assemble(tree, { directory, home, patchelf: patchelfIn(tools, signal) });
    await mkdir(join(stateDir, "engines"), { recursive: true });
    await renameUnlessThere(directory, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return home;
};
