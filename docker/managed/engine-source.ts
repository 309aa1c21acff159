/**
 * Brings the programs of an engine source to this machine: whatever it names ends up as a directory.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { archiveName, isAddress } from "../../harness/core/engine-source.ts";
import { StressError, unreachable } from "../../harness/core/errors.ts";
import type { EngineSource } from "../../harness/core/profile.ts";
import { addedEngines, engineFromAddress, engineOfVersion } from "./added-engines.ts";
import { ensureArchiveEngine } from "./archive-engine.ts";
import { ensureDebianEngine } from "./debian-engine.ts";
import { companionOf } from "./docker-archives.ts";
import { onlyInstalled } from "./default-engine.ts";
import { engineIn, namedEngine, type EngineDirectory } from "./engine-directory.ts";
import type { HostOptions } from "./host-needs.ts";

export interface EngineSourceOptions extends HostOptions {
  /** The engine that `--engine` names, or the default one. */
  readonly atHand: () => Promise<EngineDirectory>;
  readonly stateDir: string;
}

/** An archive, and Docker's second one where it lies beside it. */
export const withCompanion = (from: string): readonly string[] => {
  const companion = companionOf(from);
  return companion === null || (!isAddress(companion) && !existsSync(companion))
    ? [from]
    : [from, companion];
};

/** The directory of an engine from archives; what is at an address is taken only if something vouches for it. */
const archiveHome = async (text: string, options: EngineSourceOptions): Promise<string> => {
  const { stateDir, narrate, signal } = options;
  const { from, sha256 } = archiveName(text);
  if (isAddress(from)) {
    const added = engineFromAddress(await addedEngines(stateDir, signal), { from, sha256 });
    if (added !== null) return added.path;
    if (sha256.length === 0) {
      throw new StressError(
        "usage",
        `nothing says what ${from} must be: add it with stress engine add ${from}, or write its checksums behind it, #sha256=HEX,HEX`,
      );
    }
  }
  const archives = withCompanion(from);
  return await ensureArchiveEngine({
    archives,
    sha256,
    unverified: false,
    ...{ stateDir, narrate, signal },
  });
};

/**
 * @throws StressError("usage") for what does not exist or nothing vouches for, StressError("environment") when it
 * cannot be had or makes no engine
 */
export const resolveEngineSource = async (
  source: EngineSource,
  options: EngineSourceOptions,
): Promise<EngineDirectory> => {
  const { stateDir, narrate, signal } = options;
  const at = (home: string, origin: EngineDirectory["origin"]): Promise<EngineDirectory> =>
    engineIn(join(home, "bin"), { origin, name: home, signal });
  switch (source.kind) {
    case "at-hand":
      return await options.atHand();
    case "installed":
      return await onlyInstalled({ narrate, signal });
    case "directory":
      return await namedEngine(source.path, signal);
    case "debian":
      return await at(
        await ensureDebianEngine({ stateDir, suite: source.suite, narrate, signal }),
        "built",
      );
    case "version": {
      const engine = engineOfVersion(await addedEngines(stateDir, signal), source.version);
      return await at(engine.path, engine.origin === "archive" ? "added" : "built");
    }
    case "archive":
      return await at(await archiveHome(source.from, options), "added");
    default:
      return unreachable(source);
  }
};
