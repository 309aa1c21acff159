/**
 * Programs out of Debian's packages, with the libraries they need, in a directory of their own: they run on a
 * system of another release, and nothing is installed.
 */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { extractPackages, type DebianRelease } from "./debian-packages.ts";
import type { HostOptions } from "./host-needs.ts";
import { BUILD_MS, runProgram } from "./program.ts";
import { contentKey, renameUnlessThere, scratchDirectory } from "./state-directory.ts";

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
  "usr/libexec/docker/cli-plugins",
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
export const treeAt = (root: string): Tree => {
  const libraryDirs = ["lib", "usr/lib"].flatMap((parent) => {
    const directory = join(root, parent);
    if (!existsSync(directory)) return [];
    // On arm64 the loader stands beside them: ld-linux-aarch64.so.1 is a file.
    const multiarch = readdirSync(directory)
      .filter((name) => name.includes("-linux-"))
      .map((name) => join(directory, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
    return [...multiarch, directory];
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
  {
    programs,
    directory,
    home,
    patchelf,
  }: Pick<DebianProgramsOptions, "programs" | "directory" | "home"> & { patchelf: Patchelf },
): Promise<void> => {
  const [bin, lib] = [join(directory, "bin"), join(directory, "lib")];
  await mkdir(bin, { recursive: true });
  await mkdir(lib, { recursive: true });
  const dynamic: string[] = [];
  for (const name of programs) {
    const source = PROGRAM_DIRS.map((place) => join(tree.root, place, name)).find((path) =>
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

export interface DebianProgramsOptions extends HostOptions {
  readonly release: DebianRelease;
  /** Taken with all they depend on. */
  readonly packages: readonly string[];
  /** Names of what is wanted from them; one that no package brings is left out. */
  readonly programs: readonly string[];
  /** Where `bin` and `lib` are made, and where they will be when the programs run. */
  readonly directory: string;
  readonly home: string;
  /** A directory for the time of the work. */
  readonly scratch: string;
}

/**
 * Writes programs and their libraries to `directory`.
 *
 * @throws StressError("environment") when packages cannot be had
 */
export const assembleDebianPrograms = async (options: DebianProgramsOptions): Promise<void> => {
  const { release, packages, scratch, narrate, signal } = options;
  /** Packages of a release, unpacked into a directory of their own. */
  const unpack = async (suite: string, wanted: readonly string[]): Promise<Tree> => {
    const target = join(scratch, `${suite}.tar`);
    await extractPackages({
      release: { ...release, suite },
      packages: wanted,
      target,
      exclude: EXCLUDED,
      overlay: null,
      scratch,
      narrate,
      signal,
    });
    const root = join(scratch, suite);
    await mkdir(root);
    await runProgram("tar", ["-xf", target, "-C", root, "--exclude=./dev/*"], {
      signal,
      deadlineMs: BUILD_MS,
    });
    return treeAt(root);
  };
  const oneSuite = release.suite === PATCHELF_SUITE;
  const tree = await unpack(release.suite, oneSuite ? [...packages, "patchelf"] : packages);
  const tools = oneSuite ? tree : await unpack(PATCHELF_SUITE, ["patchelf"]);
  await assemble(tree, { ...options, patchelf: patchelfIn(tools, signal) });
};

export interface KeptProgramsOptions extends HostOptions {
  readonly stateDir: string;
  /** The directory of the state directory that they are kept in, and what they are called there. */
  readonly place: "engines" | "programs";
  readonly name: string;
  /** Narrated where they have to be fetched: what is being made. */
  readonly what: string;
  readonly release: DebianRelease;
  readonly packages: readonly string[];
  readonly programs: readonly string[];
}

/**
 * A directory with programs in `bin`, made at the first call and kept. It appears under its name when it is whole.
 *
 * @throws StressError("environment") when packages cannot be had
 */
export const keptDebianPrograms = async (options: KeptProgramsOptions): Promise<string> => {
  const { stateDir, place, name, what, release, packages, programs, narrate, signal } = options;
  // A directory that another version of this list was built from must not be taken for this one.
  const key = contentKey([...packages, ...programs]);
  const home = join(stateDir, place, `${name}-${release.suite}-${release.architecture}-${key}`);
  if (existsSync(home)) return home;
  narrate(
    `Building ${what} from Debian ${release.suite}'s packages into ${home} (${packages.join(", ")}; unpacked, not installed)`,
  );
  const scratch = await scratchDirectory(stateDir);
  try {
    const directory = join(scratch, "programs");
    await assembleDebianPrograms({
      release,
      packages,
      programs,
      directory,
      home,
      scratch,
      narrate,
      signal,
    });
    await mkdir(dirname(home), { recursive: true });
    await renameUnlessThere(directory, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return home;
};
