/**
 * What a night's verdict rests on, one sentence each, the most pressing first.
 */
import { count } from "../units.ts";
import type { Night } from "./night.ts";

type Grounds = Pick<
  Night,
  "ended" | "regression" | "worse" | "expectations" | "leaks" | "baseline"
>;

const compared = (
  { regression, worse, baseline }: Grounds,
  unfit: string | null,
): readonly string[] => {
  const arms = worse.join(", ");
  switch (regression) {
    case "none":
      return [`no arm is worse than the ${count(baseline.length, "run")} before`];
    case "confirmed":
      return [`worse than before, and not by chance: ${arms}`];
    case "not confirmed":
      return [`worse at first, and not when it was run again: ${arms}`];
    case "suspected":
      return [`worse than before, and the second run could not be made or read: ${arms}`];
    case "unknown":
      return [
        unfit ??
          (baseline.length === 0
            ? "there is no baseline yet: no run of this fingerprint ran to its end before"
            : "too few waves to show whether an arm is worse"),
      ];
  }
};

/** @param unfit - why the run that was chosen is no baseline; null where it is, or where none was chosen */
export const nightReasons = (grounds: Grounds, unfit: string | null): string[] => {
  const { ended, expectations, leaks } = grounds;
  return [
    ...(ended === "completed" ? [] : [`the run did not end as planned (${ended})`]),
    ...compared(grounds, unfit),
    ...expectations
      .filter(({ verdict }) => verdict !== "holds")
      .map(({ expectation, verdict, words }) => `${expectation} is ${verdict}: ${words}`),
    ...(leaks === 0 ? [] : [`${count(leaks, "wave")} left objects behind`]),
  ];
};
