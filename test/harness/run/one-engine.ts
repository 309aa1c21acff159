import type { EngineFacts } from "../../../harness/core/events.ts";
import type { Engines, Runtime, Troublemaker } from "../../../harness/core/ports.ts";

/** A run's engines where there is one, and no profile. */
export const oneEngine = (
  runtime: Runtime,
  facts: EngineFacts,
  trouble: Troublemaker | null = null,
): Engines => {
  const engine = { runtime, trouble, profile: null, facts, capacity: null };
  return { of: () => Promise.resolve(engine) };
};
