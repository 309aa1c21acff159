/**
 * Which arms an expectation is about, and which of them are held against which.
 */
import { armParts } from "../arms.ts";
import { StressError } from "../errors.ts";
import type { Arm } from "../model.ts";
import { formatExpectation, type Expectation, type Selector } from "./expectation.ts";

const matches = (arm: Arm, selector: Selector): boolean => {
  const parts = armParts(arm);
  return selector.every((part) => parts.includes(part));
};

/** An arm, and the arm that it is held against. */
export interface Pair {
  readonly arm: Arm;
  /** Null where the right side is an amount or a baseline, and where nothing of the run is the counterpart. */
  readonly other: Arm | null;
}

/** What remains of an arm's parts without those that a selector names. */
const restOf = (arm: Arm, selector: Selector): string =>
  armParts(arm)
    .filter((part) => !selector.includes(part))
    .join("/");

/**
 * The arms that an expectation is about, each with its counterpart. With `ports` against `noports`, `ports/n16` is
 * held against `noports/n16`: what neither selector names must be the same. One counterpart alone serves them all.
 */
export const selected = ({ metric, bound }: Expectation, arms: readonly Arm[]): readonly Pair[] => {
  const of = arms.filter((arm) => matches(arm, metric.arms));
  if (bound.kind === "amount" || bound.to === null) return of.map((arm) => ({ arm, other: null }));
  const { arms: selector } = bound.to;
  const candidates = arms.filter((arm) => matches(arm, selector));
  const [only, ...more] = candidates;
  return of.map((arm) => {
    const alike = candidates.filter(
      (each) => restOf(each, selector) === restOf(arm, metric.arms) && each !== arm,
    );
    const other = alike[0] ?? (more.length === 0 ? only : undefined);
    return { arm, other: other ?? null };
  });
};

/**
 * For a run that is about to start: every expectation must be about something.
 *
 * @throws StressError("usage") naming the arms that there are
 */
export const checkSelectors = (expectation: Expectation, arms: readonly Arm[]): void => {
  const { bound } = expectation;
  const refuse = (why: string): never => {
    const there = arms.map(({ id }) => id).join(", ");
    throw new StressError(
      "usage",
      `--expect ${JSON.stringify(formatExpectation(expectation))}: ${why}; the arms are ${there}`,
    );
  };
  const pairs = selected(expectation, arms);
  if (pairs.length === 0) refuse(`no arm is ${expectation.metric.arms.join("/")}`);
  if (bound.kind === "amount" || bound.to === null) return;
  const { arms: selector } = bound.to;
  if (!arms.some((arm) => matches(arm, selector))) refuse(`no arm is ${selector.join("/")}`);
  const alone = pairs.find(({ other }) => other === null);
  if (alone !== undefined) refuse(`nothing to hold ${alone.arm.id} against`);
  const itself = pairs.find(({ arm, other }) => other === arm);
  if (itself !== undefined) refuse(`${itself.arm.id} is held against itself`);
};
