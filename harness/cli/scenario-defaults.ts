/**
 * What a run of a scenario is like where its flags do not say it.
 */
import type { Mode, Scenario } from "../core/model.ts";

export interface ScenarioDefaults {
  /** Jobs released at once; each number is an arm. */
  readonly ns: readonly number[];
  readonly modes: readonly Mode[];
  readonly waves: number;
  /** Compared on engines of our own; none: one engine as it comes. */
  readonly profiles: readonly string[];
  /** Rounds of warm-up; null: one where arms are compared by time. */
  readonly warmups: number | null;
}

const DEFAULTS = {
  stacks: { ns: [1, 16], modes: ["ports", "noports"], waves: 3, profiles: [], warmups: null },
  routes: { ns: [4], modes: ["noports"], waves: 2, profiles: [], warmups: 0 },
  datapath: {
    // Two measurements at once would measure each other.
    ns: [1],
    modes: ["process", "host", "noports", "ports"],
    waves: 3,
    // Those that the machine does not have are left out, and why is said.
    profiles: [
      "default",
      "no-userland-proxy",
      "slirp4netns-port-driver",
      "pasta-implicit",
      "rootful",
      "rootful-no-userland-proxy",
    ],
    warmups: 0,
  },
} as const satisfies Record<Scenario["kind"], ScenarioDefaults>;

/** Of a scenario by its name; those of `stacks` for one that there is not, which is refused elsewhere. */
export const defaultsOf = (scenario: string): ScenarioDefaults =>
  Object.entries<ScenarioDefaults>(DEFAULTS).find(([name]) => name === scenario)?.[1] ??
  DEFAULTS.stacks;

/** `1,16 (routes: 4, datapath: 1)`, for help. */
export const describeDefault = (of: (defaults: ScenarioDefaults) => string): string => {
  const usual = of(DEFAULTS.stacks);
  const others = Object.entries<ScenarioDefaults>(DEFAULTS)
    .filter(([, defaults]) => of(defaults) !== usual)
    .map(([name, defaults]) => `${name}: ${of(defaults)}`);
  return others.length === 0 ? usual : `${usual} (${others.join(", ")})`;
};
