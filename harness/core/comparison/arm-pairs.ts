/**
 * Which arm of a run is compared with which: with the one that differs from it in one thing.
 */
import { StressError } from "../errors.ts";
import { formatMitigation } from "../mitigations.ts";
import type { Arm } from "../model.ts";

/** What two arms may differ in, in the order in which a partner is looked for. */
export const AXES = ["profile", "runner", "variant", "mitigation", "ports", "mode"] as const;
type Axis = (typeof AXES)[number];

const valueOf = (arm: Arm, axis: Axis): string => {
  switch (axis) {
    case "profile":
      return arm.profile ?? "";
    case "mitigation":
      return arm.mitigation === undefined ? "" : formatMitigation(arm.mitigation);
    case "runner":
      return arm.runner ?? "api";
    case "variant":
      return arm.variant ?? "";
    case "ports":
      return arm.ports ?? "";
    case "mode":
      return arm.mode;
  }
};

export interface Pair {
  readonly baseline: Arm;
  readonly arm: Arm;
  /** One, unless the baseline was chosen by name. */
  readonly differsIn: readonly Axis[];
}

const pairOf = (baseline: Arm, arm: Arm): Pair => ({
  baseline,
  arm,
  differsIn: AXES.filter((axis) => valueOf(baseline, axis) !== valueOf(arm, axis)),
});

/** Different numbers of jobs, and different scenarios, are no comparison of what else differs. */
const alike = (a: Arm, b: Arm): boolean => a.n === b.n && a.scenario === b.scenario;

/** The first arm before it that differs in one thing only; in its profile rather than in anything else. */
const partnered = (arm: Arm, before: readonly Arm[]): readonly Pair[] => {
  const pairs = before
    .filter((each) => alike(each, arm))
    .map((each) => pairOf(each, arm))
    .filter(({ differsIn }) => differsIn.length === 1);
  const found = AXES.flatMap((axis) => pairs.filter(({ differsIn }) => differsIn.includes(axis)));
  return found.slice(0, 1);
};

/**
 * @param baseline - the id of the arm that all others of as many jobs are compared with; null: each with the first arm
 *   before it that differs from it in one thing
 * @throws StressError("usage") for a baseline that is no arm
 */
export const armPairs = (arms: readonly Arm[], baseline: string | null): readonly Pair[] => {
  if (baseline === null) {
    return arms.flatMap((arm, index) => partnered(arm, arms.slice(0, index)));
  }
  const chosen = arms.find(({ id }) => id === baseline);
  if (chosen === undefined) {
    throw new StressError(
      "usage",
      `there is no arm "${baseline}" to compare with; there are ${arms.map(({ id }) => id).join(", ")}`,
    );
  }
  return arms
    .filter((arm) => arm !== chosen && alike(chosen, arm))
    .map((arm) => pairOf(chosen, arm));
};
