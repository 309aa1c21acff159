/**
 * The programs that a managed engine is made of, as `--engine` says.
 */
import { defaultEngine } from "../../docker/managed/default-engine.ts";
import type { EngineDirectory } from "../../docker/managed/engine-directory.ts";
import { resolveEngineSource } from "../../docker/managed/engine-source.ts";
import { unreachable } from "../core/errors.ts";
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
  const options = { stateDir, narrate: say, signal };
  const atHand = (): Promise<EngineDirectory> => defaultEngine(options);
  switch (engine.kind) {
    case "source":
      return await resolveEngineSource(engine.source, { ...options, atHand });
    case "directory":
      return await resolveEngineSource(engine, { ...options, atHand });
    case "auto":
    case "managed":
    case "fake":
      return await atHand();
    default:
      return unreachable(engine);
  }
};
