/**
 * The engine directories that the tool has made and keeps: which there are, which is meant, and how one goes.
 */
import { existsSync, lstatSync, readFileSync, readdirSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { ARCHIVES_FILE, decodeArchives, type KeptArchives } from "./archive-engine.ts";
import { versionIn } from "./engine-directory.ts";
import { readRecords } from "./engine-record.ts";
import { exclusively } from "./exclusive.ts";
import { printedVersion } from "./program-version.ts";
import { scratchDirectory } from "./state-directory.ts";

export interface AddedEngine {
  /** Of its directory. */
  readonly name: string;
  readonly path: string;
  /** `debian:trixie` or `archive`. */
  readonly origin: string;
  /** As its daemon says; null for programs that do not run here. */
  readonly version: string | null;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  /** What it was made from; empty for one from Debian's packages, which apt verifies. */
  readonly archives: KeptArchives;
}

const originOf = (name: string): string => {
  const suite = /^debian-(.+)-[^-]+-[0-9a-f]{16}$/.exec(name)?.[1];
  return suite === undefined ? "archive" : `debian:${suite}`;
};

const bytesIn = (directory: string): number =>
  readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? bytesIn(path) : lstatSync(path).size);
  }, 0);

/** Empty where it was made from packages, and where the record was tampered with. */
const archivesIn = (directory: string): KeptArchives => {
  try {
    return decodeArchives(readFileSync(join(directory, ARCHIVES_FILE), "utf8"));
  } catch {
    return [];
  }
};

const lookAt = async (path: string, name: string, signal: AbortSignal): Promise<AddedEngine> => {
  const trusted = originOf(name) !== "archive";
  const said = await printedVersion(join(path, "bin/dockerd"), { trusted, signal }).catch(() => {
    signal.throwIfAborted();
    return "";
  });
  return {
    name,
    path,
    origin: originOf(name),
    version: versionIn(said),
    bytes: bytesIn(path),
    madeAt: statSync(path).mtimeMs,
    archives: archivesIn(path),
  };
};

/** All there are, in the order of their names. */
export const addedEngines = async (
  stateDir: string,
  signal: AbortSignal,
): Promise<readonly AddedEngine[]> => {
  const engines = join(stateDir, "engines");
  const names = existsSync(engines) ? readdirSync(engines).toSorted() : [];
  const found: AddedEngine[] = [];
  for (const name of names) found.push(await lookAt(join(engines, name), name, signal));
  return found;
};

/** Without those that a later one has replaced: the same from the same release, by another list of programs. */
const current = (engines: readonly AddedEngine[]): readonly AddedEngine[] =>
  engines.filter(
    ({ origin, version, madeAt }) =>
      origin === "archive" ||
      !engines.some(
        (other) => other.origin === origin && other.version === version && other.madeAt > madeAt,
      ),
  );

/** Ways in which a version may be meant, the most exact first. */
const READINGS: readonly ((version: string, wanted: string) => boolean)[] = [
  (version, wanted) => version === wanted,
  // What stands behind the plus is the packager's.
  (version, wanted) => version.split("+")[0] === wanted,
  (version, wanted) => version.startsWith(`${wanted}.`),
];

/**
 * The engine of a version: `28.5.2` is also Debian's `28.5.2+dfsg1`, and `28` whatever begins so. Pure.
 *
 * @throws StressError("usage") when there is none, or more than one that fits as well
 */
export const engineOfVersion = (engines: readonly AddedEngine[], wanted: string): AddedEngine => {
  for (const fits of READINGS) {
    const fitting = current(engines).filter(
      ({ version }) => version !== null && fits(version, wanted),
    );
    const [only] = fitting;
    if (only !== undefined && fitting.length === 1) return only;
    if (only === undefined) continue;
    const paths = fitting.map(({ path }) => path).join(" and ");
    throw new StressError("usage", `engine ${wanted} may be ${paths}; name one by its directory`);
  }
  const versions = engines.flatMap(({ version }) => version ?? []);
  throw new StressError(
    "usage",
    `no engine ${wanted} has been added (there is ${versions.join(", ") || "none"}); see stress engine add --help`,
  );
};

/**
 * The engine that was made from what is at an address; null when there is none. Pure.
 *
 * @param sha256 - what its archives must have been; empty for whatever they were
 */
export const engineFromAddress = (
  engines: readonly AddedEngine[],
  { from, sha256 }: { from: string; sha256: readonly string[] },
): AddedEngine | null =>
  engines.find(
    ({ archives }) =>
      archives.some((archive) => archive.from === from) &&
      sha256.every((each) => archives.some((archive) => archive.sha256 === each)),
  ) ?? null;

const engineNamed = (engines: readonly AddedEngine[], text: string): AddedEngine => {
  const fitting = engines.filter(
    ({ name, path, origin }) => name === text || origin === text || path === resolve(text),
  );
  const [only] = fitting;
  if (only === undefined || text === "archive") return engineOfVersion(engines, text);
  if (fitting.length === 1) return only;
  const paths = fitting.map(({ path }) => path).join(" and ");
  throw new StressError("usage", `engine ${text} may be ${paths}; name one by its directory`);
};

/**
 * Removes an engine directory.
 *
 * @param text - a version, `debian:SUITE`, or the directory's name or path
 * @throws StressError("usage") when it is not clear which, StressError("environment") while an engine runs from it
 */
export const removeAddedEngine = async (
  text: string,
  { stateDir, signal }: { stateDir: string; signal: AbortSignal },
): Promise<AddedEngine> => {
  const engine = engineNamed(await addedEngines(stateDir, signal), text);
  const scratch = await scratchDirectory(stateDir);
  try {
    await exclusively(stateDir, signal, async () => {
      const running = readRecords(stateDir).find(({ directory }) =>
        directory.startsWith(`${engine.path}/`),
      );
      if (running !== undefined) {
        throw new StressError(
          "environment",
          `Engine ${running.name} runs from ${engine.path}; take it down first: stress engine down ${running.name}`,
        );
      }
      // It is gone at once, whole, even if what follows is cut short.
      await rename(engine.path, join(scratch, "removed"));
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return engine;
};
