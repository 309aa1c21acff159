/**
 * The programs that a managed engine is made of, as `--engine` says.
 */
import {
  resolveEngineDirectory,
  type EngineDirectory,
} from "../../docker/managed/engine-directory.ts";
import { resolveEngineSource } from "../../docker/managed/engine-source.ts";
import type { EngineChoice } from "./engine-choice.ts";
import type { Shell } from "./shell.ts";

/**
 * Finds them, or has them fetched or built.
 *
 * @throws StressError("usage") when what was named does not exist, StressError("environment") when it is no engine
 */
export const programsAtHand = async (
  engine: EngineChoice,
  { stateDir, say, signal }: Pick<Shell, "stateDir" | "say" | "signal">,
): Promise<EngineDirectory> => {
  const atHand = (): Promise<EngineDirectory> =>
    resolveEngineDirectory({
      path: engine.kind === "directory" ? engine.path : null,
      stateDir,
      narrate: say,
      signal,
    });
  return engine.kind === "source"
    ? await resolveEngineSource(engine.source, { atHand, stateDir, narrate: say, signal })
    : await atHand();
};
