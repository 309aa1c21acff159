/**
 * Makes an engine directory out of archives: Docker's static ones, or an engine directory that was packed.
 */
import { existsSync, readdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { StressError } from "../../harness/core/errors.ts";
import { isAddress } from "../../harness/core/engine-source.ts";
import { ownRelease } from "./debian-packages.ts";
import { assembleDebianPrograms } from "./debian-programs.ts";
import { fileNameOf } from "./docker-archives.ts";
import { download, sha256Of } from "./download.ts";
import { engineIn, missingPrograms, versionIn } from "./engine-directory.ts";
import type { HostOptions } from "./host-needs.ts";
import { printedVersion } from "./program-version.ts";
import { SYSTEM_PATH, findProgram } from "./program.ts";
import { contentKey, renameUnlessThere, scratchDirectory } from "./state-directory.ts";
import { unpackArchive } from "./unpack.ts";

const archivesSchema = z.array(
  z.object({
    /** The absolute path or the address that it was taken from. */
    from: z.string(),
    sha256: z.string(),
    /** Whether somebody told beforehand what its checksum must be. */
    verified: z.boolean(),
  }),
);
export type KeptArchives = z.infer<typeof archivesSchema>;

/** In the directory of an engine that was made from archives: which they were. */
export const ARCHIVES_FILE = "archives.json";

/** @throws when the text is no record of archives */
export const decodeArchives = (source: string): KeptArchives =>
  archivesSchema.parse(JSON.parse(source));

export interface ArchiveEngineOptions extends HostOptions {
  readonly stateDir: string;
  /** Files and addresses; together they make one engine. */
  readonly archives: readonly string[];
  /** One for each of the archives, in any order; empty where none is known. */
  readonly sha256: readonly string[];
  /** Whether an address is taken at its word. */
  readonly unverified: boolean;
}

/** Everything that can be refused before a byte is fetched. */
const refuseUnverified = ({ archives, sha256, unverified }: ArchiveEngineOptions): void => {
  const names = archives.map(fileNameOf).join(" and ");
  if (sha256.length > 0 && sha256.length !== archives.length) {
    throw new StressError(
      "usage",
      `--sha256 is needed once for each of ${names}, and was given ${String(sha256.length)} times`,
    );
  }
  if (sha256.length > 0 || unverified || !archives.some(isAddress)) return;
  throw new StressError(
    "usage",
    `nothing says what ${names} must be, and Docker publishes no checksums: add --sha256 HEX for each, from a source you trust, or --unverified to take what the server sends`,
  );
};

interface FetchedArchive {
  readonly from: string;
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

const fetchArchive = async (
  from: string,
  target: string,
  { narrate, signal }: HostOptions,
): Promise<FetchedArchive> => {
  const name = fileNameOf(from);
  if (isAddress(from)) {
    narrate(`Downloading ${from}`);
    await download(from, target, signal);
    return { from, name, file: target, sha256: await sha256Of(target, signal) };
  }
  const file = resolve(from);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new StressError("usage", `No archive ${file}`);
  }
  return { from: file, name, file, sha256: await sha256Of(file, signal) };
};

/** @throws StressError("environment") naming an archive that is not what it was to be */
const verify = (
  fetched: readonly FetchedArchive[],
  { sha256: expected, narrate }: ArchiveEngineOptions,
): void => {
  const known = expected.length > 0;
  const left = [...expected];
  for (const { from, name, sha256 } of fetched) {
    const at = left.indexOf(sha256);
    if (known && at === -1) {
      throw new StressError(
        "environment",
        `${name} has the checksum ${sha256}, which is not what --sha256 says; nothing of it was kept`,
      );
    }
    if (known) left.splice(at, 1);
    const unknown = isAddress(from)
      ? "NOT verified: nothing says what it must be"
      : "a file of yours";
    narrate(`${name}: sha256 ${sha256} (${known ? "verified" : unknown})`);
  }
};

/** The directory inside what was unpacked that has the programs, or `bin`: archives have a folder around them. */
const programsIn = (directory: string): string => {
  const entries = readdirSync(directory, { withFileTypes: true });
  const [only] = entries;
  if (entries.some(({ name }) => name === "bin")) return directory;
  return entries.length === 1 && only?.isDirectory() === true
    ? programsIn(join(directory, only.name))
    : directory;
};

const copyFiles = async (source: string, target: string, mode: number): Promise<void> => {
  if (!existsSync(source)) return;
  await mkdir(target, { recursive: true });
  for (const name of readdirSync(source)) {
    const file = join(source, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) continue;
    const copy = join(target, name);
    await copyFile(realpathSync(file), copy);
    await chmod(copy, mode);
  }
};

/** What `--version` of the daemon says; an engine without one is told so when the directory is checked. */
const versionOf = async (bin: string, signal: AbortSignal): Promise<string> => {
  const daemon = findProgram("dockerd", bin);
  const said = daemon === null ? "" : await printedVersion(daemon, { trusted: false, signal });
  return versionIn(said) ?? "unknown";
};

/** Docker's archives bring none; the vpnkit in some of them is not what rootless Docker uses where it can choose. */
const addSlirp = async (
  directory: string,
  { home, scratch, narrate, signal }: HostOptions & { home: string; scratch: string },
): Promise<void> => {
  const places = `${join(directory, "bin")}:${SYSTEM_PATH}`;
  const release = ownRelease();
  if (findProgram("slirp4netns", places) !== null || release === null) return;
  narrate(`Taking slirp4netns from Debian ${release.suite}'s packages (unpacked, not installed)`);
  const work = join(scratch, "slirp4netns");
  await mkdir(work);
  await assembleDebianPrograms({
    release,
    packages: ["slirp4netns"],
    programs: ["slirp4netns"],
    directory,
    home,
    scratch: work,
    narrate,
    signal,
  });
};

/** The engine that was made from the very same archives; null when there is none yet. */
const alreadyMade = (engines: string, key: string): string | null => {
  const names = existsSync(engines) ? readdirSync(engines) : [];
  const name = names.find((each) => each.startsWith("archive-") && each.endsWith(`-${key}`));
  return name === undefined ? null : join(engines, name);
};

/**
 * The engine that archives make up as a directory of programs, made at the first call and kept.
 *
 * It appears under its name when it is whole. Nothing of an archive that is refused stays.
 *
 * @throws StressError("usage") for an address that nothing vouches for, StressError("environment") for an archive
 * that cannot be had, is not what its checksum says, or makes no engine
 */
export const ensureArchiveEngine = async (options: ArchiveEngineOptions): Promise<string> => {
  const { stateDir, archives, sha256, narrate, signal } = options;
  refuseUnverified(options);
  const engines = join(stateDir, "engines");
  const scratch = await scratchDirectory(stateDir);
  const host = { scratch, narrate, signal };
  try {
    const fetched: FetchedArchive[] = [];
    for (const [index, from] of archives.entries()) {
      fetched.push(await fetchArchive(from, join(scratch, `archive-${String(index)}`), host));
    }
    verify(fetched, options);
    const key = contentKey(fetched.map((archive) => archive.sha256).toSorted());
    const made = alreadyMade(engines, key);
    if (made !== null) return made;
    const directory = join(scratch, "engine");
    const bin = join(directory, "bin");
    for (const [index, { name, file }] of fetched.entries()) {
      const target = join(scratch, `unpacked-${String(index)}`);
      await unpackArchive(file, { name, target, signal });
      const root = programsIn(target);
      const packed = existsSync(join(root, "bin"));
      await copyFiles(packed ? join(root, "bin") : root, bin, 0o755);
      if (packed) await copyFiles(join(root, "lib"), join(directory, "lib"), 0o644);
    }
    const version = await versionOf(bin, signal);
    const home = join(engines, `archive-${version}-${process.arch}-${key}`);
    // What is no engine without it is none with it.
    const isEngine = missingPrograms(bin, version).every((program) => program === "slirp4netns");
    if (isEngine) await addSlirp(directory, { home, ...host });
    await engineIn(bin, { origin: "added", name: archives.map(fileNameOf).join(" and "), signal });
    const kept: KeptArchives = fetched.map((archive) => ({
      from: archive.from,
      sha256: archive.sha256,
      verified: sha256.length > 0,
    }));
    writeFileSync(join(directory, ARCHIVES_FILE), `${JSON.stringify(kept, null, 2)}\n`);
    await mkdir(engines, { recursive: true });
    await renameUnlessThere(directory, home);
    return home;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
