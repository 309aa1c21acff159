import { BUILTIN_PROFILES } from "../../../docker/managed/builtin-profiles.ts";
import { EXIT } from "../../core/errors.ts";
import type { EngineChoice } from "../engine-choice.ts";
import { resolveProfiles } from "../profiles.ts";
import type { Shell } from "../shell.ts";

export interface ProfilesOptions {
  readonly engine: EngineChoice;
}

/** `stress profiles`: one line each, and why where it cannot be had. */
export const profilesCommand = async (
  { engine }: ProfilesOptions,
  shell: Shell,
): Promise<number> => {
  const profiles = Object.values(BUILTIN_PROFILES);
  const tried = await resolveProfiles(profiles, engine, { ...shell, say: () => undefined });
  const width = profiles.reduce((most, { name }) => Math.max(most, name.length), 0);
  for (const { profile, skipped } of tried) {
    const fate = skipped === null ? "" : `  (not here: ${skipped})`;
    shell.print(`${profile.name.padEnd(width)}  ${profile.title}${fate}\n`);
  }
  return EXIT.holds;
};
