/**
 * What is compared with what: the arms of a run, and their names.
 */
import { z } from "zod";
import { formatMitigation, mitigationSchema, type Mitigation } from "./mitigations.ts";
import { MODES, type Arm, type Mode } from "./model.ts";
import type { ArmSpec } from "./plan-request.ts";
import { RUNNERS, type RunnerName } from "./runners/runner-names.ts";

export const armSchema = z.object({
  id: z.string(),
  scenario: z.string(),
  mode: z.enum(MODES),
  n: z.int().positive(),
  profile: z.string().exactOptional(),
  ports: z.enum(["all", "minimal"]).exactOptional(),
  mitigation: mitigationSchema.exactOptional(),
  runner: z.enum(RUNNERS).exactOptional(),
  variant: z.string().exactOptional(),
});

/** What an arm's id is made of; from its fields, since a lock file's path has slashes too. */
export const armParts = ({
  profile,
  runner,
  variant,
  mode,
  n,
  ports,
  mitigation,
}: ArmSpec): readonly string[] => [
  ...(profile === undefined ? [] : [profile]),
  ...(runner === undefined ? [] : [runner]),
  // A variant says how its container is reached.
  variant ?? mode,
  `n${String(n)}`,
  ...(ports === undefined ? [] : [ports]),
  ...(mitigation === undefined ? [] : [formatMitigation(mitigation)]),
];

/** `wide-pools/github/ports/n16/minimal/retry:3`: the same arm has the same id in every run, whatever stands beside it. */
const idOf = (spec: ArmSpec): string => armParts(spec).join("/");

export const armOf = (spec: ArmSpec, scenario: string): Arm => ({
  id: idOf(spec),
  scenario,
  ...spec,
});

/** What may differ between the arms of a run. */
export interface Axes {
  /** Empty: one engine, and no profile. */
  readonly profiles: readonly string[];
  readonly modes: readonly Mode[];
  /** None: ours alone. */
  readonly runners: readonly RunnerName[];
  readonly ns: readonly number[];
  /** Null: nothing is done. Empty is the same. */
  readonly mitigations: readonly (Mitigation | null)[];
}

/** Each with each, in the order given. */
export const crossed = ({
  profiles,
  modes,
  runners,
  ns,
  mitigations,
}: Axes): readonly ArmSpec[] => {
  const orNothing = <Item>(items: readonly Item[]): readonly (Item | null)[] =>
    items.length === 0 ? [null] : items;
  return orNothing(profiles).flatMap((profile) =>
    modes.flatMap((mode) =>
      ns.flatMap((n) =>
        orNothing(runners).flatMap((runner) =>
          orNothing(mitigations).map((mitigation) => ({
            mode,
            n,
            ...(profile === null ? {} : { profile }),
            ...(runner === null ? {} : { runner }),
            ...(mitigation === null ? {} : { mitigation }),
          })),
        ),
      ),
    ),
  );
};

/** Those of one round of warm-up: of each profile and each runner the arm with the most jobs, which touches all that the others do. */
export const warmupArms = (arms: readonly Arm[]): readonly Arm[] => {
  const largest = new Map<string, Arm>();
  for (const arm of arms) {
    const key = JSON.stringify([arm.profile ?? null, arm.runner ?? null]);
    const before = largest.get(key);
    if (before === undefined || arm.n > before.n) largest.set(key, arm);
  }
  return [...largest.values()];
};
