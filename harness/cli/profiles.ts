/**
 * What a run compares: profiles by name or file, and which of them the engines at hand can run.
 */
import { profileOfDaemonJson, readProfile } from "../../docker/managed/builtin-profiles.ts";
import type { EngineDirectory } from "../../docker/managed/engine-directory.ts";
import { resolveEngineSource } from "../../docker/managed/engine-source.ts";
import { whyNot } from "../../docker/managed/profile-fit.ts";
import { StressError } from "../core/errors.ts";
import type { Profile } from "../core/profile.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { programsAtHand } from "./engine-programs.ts";
import type { Shell } from "./shell.ts";

/** A profile with the programs that it runs. */
export interface ResolvedProfile {
  readonly profile: Profile;
  /** Null for a simulated engine, which has none. */
  readonly directory: EngineDirectory | null;
}

/** A profile that was asked for, and whether it can be had. */
export interface TriedProfile extends ResolvedProfile {
  /** Why it cannot; null where it can. */
  readonly skipped: string | null;
}

/**
 * @param names - of built-in profiles, or files
 * @param daemonJsons - files, each a profile of its own
 * @throws StressError("usage") for one that does not exist, is not right, or is there twice
 */
export const readProfiles = (
  names: readonly string[],
  daemonJsons: readonly string[],
): readonly Profile[] => {
  const profiles = [...names.map(readProfile), ...daemonJsons.map(profileOfDaemonJson)];
  for (const [index, { name }] of profiles.entries()) {
    if (profiles.findIndex((each) => each.name === name) === index) continue;
    throw new StressError("usage", `two profiles are called "${name}": arms go by their names`);
  }
  return profiles;
};

/** Finds or builds the programs of each, and asks whether they can run it. */
export const resolveProfiles = async (
  profiles: readonly Profile[],
  engine: EngineChoice,
  { stateDir, say, signal }: Pick<Shell, "stateDir" | "say" | "signal">,
): Promise<readonly TriedProfile[]> => {
  if (engine.kind === "fake") {
    return profiles.map((profile) => ({ profile, directory: null, skipped: null }));
  }
  let found: Promise<EngineDirectory> | null = null;
  const atHand = (): Promise<EngineDirectory> =>
    (found ??= programsAtHand(engine, { stateDir, say, signal }));
  const tried: TriedProfile[] = [];
  for (const profile of profiles) {
    const options = { atHand, stateDir, narrate: say, signal };
    const directory = await resolveEngineSource(profile.engine, options);
    const skipped = await whyNot(profile, directory);
    if (skipped !== null) say(`profile ${profile.name} is left out: ${skipped}`);
    tried.push({ profile, directory, skipped });
  }
  return tried;
};
