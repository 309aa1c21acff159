/**
 * Which engine is used where none is named: the newest that Debian's packages bring, else the installed one, else that
 * of the machine's own release.
 */
import { dirname, join } from "node:path";
import { messageOf, StressError } from "../../harness/core/errors.ts";
import { ensureDebianEngine, newestSuite } from "./debian-engine.ts";
import { ownRelease, type DebianRelease } from "./debian-packages.ts";
import { engineIn, installedEngine, type EngineDirectory } from "./engine-directory.ts";
import type { HostOptions } from "./host-needs.ts";

export interface DefaultEngineOptions extends HostOptions {
  readonly stateDir: string;
  /** Where an installed engine may be, written like PATH; without it, where systems have it. */
  readonly searchPath?: string;
  /** The release that this machine runs; without it, what the system says; `null` if it is not a Debian. */
  readonly release?: DebianRelease | null;
  /** What makes a directory of programs from a release's packages. */
  readonly build?: typeof ensureDebianEngine;
}

const installed = async (
  options: Pick<DefaultEngineOptions, "searchPath" | "narrate" | "signal">,
): Promise<EngineDirectory | null> => {
  const engine = await installedEngine(options);
  if (engine !== null) {
    options.narrate(`Using the installed engine ${engine.version} (${dirname(engine.daemon)})`);
  }
  return engine;
};

/** @throws StressError("environment") when none is installed, or some of its programs are missing */
export const onlyInstalled = async (
  options: Pick<DefaultEngineOptions, "searchPath" | "narrate" | "signal">,
): Promise<EngineDirectory> => {
  const engine = await installed(options);
  if (engine !== null) return engine;
  throw new StressError(
    "environment",
    "No engine is installed on this machine; take one from packages with --engine debian:SUITE, or name a directory with --engine DIR",
  );
};

const chosen = async (options: DefaultEngineOptions): Promise<EngineDirectory> => {
  const { stateDir, narrate, signal, build = ensureDebianEngine } = options;
  const { release = ownRelease() } = options;
  if (release === null) return await onlyInstalled(options);
  const built = async (suite: string): Promise<EngineDirectory> => {
    const home = await build({ stateDir, suite, narrate, signal });
    return await engineIn(join(home, "bin"), { origin: "built", name: home, signal });
  };
  const newest = newestSuite(release.suite);
  try {
    const engine = await built(newest);
    narrate(
      `Using Docker ${engine.version} from Debian ${newest}, the newest in this machine's package sources; others: --engine installed, --engine debian:SUITE`,
    );
    return engine;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StressError) || error.code !== "environment") throw error;
    narrate(`The newest engine, that of Debian ${newest}, is not available: ${messageOf(error)}`);
    const engine = await installed(options);
    if (engine !== null) return engine;
    if (release.suite === newest) throw error;
    return await built(release.suite);
  }
};

/** By state directory. A process looks once, so that sources that cannot be reached are not waited for at each wave. */
const found = new Map<string, EngineDirectory>();

/**
 * The same engine at each call in a process.
 *
 * @throws StressError("environment") when there is none
 */
export const defaultEngine = async (options: DefaultEngineOptions): Promise<EngineDirectory> => {
  const engine = found.get(options.stateDir) ?? (await chosen(options));
  found.set(options.stateDir, engine);
  return engine;
};
