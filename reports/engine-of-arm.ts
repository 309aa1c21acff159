import type { EngineFacts } from "../harness/core/events.ts";
import type { ArmSummary, Summary } from "../harness/core/summary.ts";

/** The engine that an arm ran on: that of its profile, or the only one there was. */
export const engineOfArm = (
  { engine, profiles }: Pick<Summary, "engine" | "profiles">,
  { profile }: Pick<ArmSummary, "profile">,
): EngineFacts => profiles.find(({ name }) => name === profile)?.engine ?? engine;
