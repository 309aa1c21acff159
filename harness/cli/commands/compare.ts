import { runComparisonJson, runComparisonText } from "../../../reports/run-comparison.ts";
import { compareRuns } from "../../core/comparison/compare-runs.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import type { RunHistory } from "../../core/history.ts";
import { recordedRun } from "../recorded-run.ts";
import type { Shell } from "../shell.ts";

export interface CompareOptions {
  /** Ids, directories, or `latest`; the first is what the others are held against. */
  readonly runs: readonly string[];
  readonly out: string;
  readonly json: boolean;
}

const refuseTwice = (histories: readonly RunHistory[]): void => {
  const ids = histories.map(({ started }) => started.run);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice === undefined) return;
  throw new StressError("usage", `run ${twice} was named twice; compare it with another`);
};

/**
 * `stress compare RUN RUN…`: holds runs against the first. It judges nothing: its exit code is 0 whatever differs.
 *
 * @throws StressError("usage") for a run that there is not, and for one named twice
 */
export const compareCommand = (
  { runs, out, json }: CompareOptions,
  { print, paint }: Pick<Shell, "paint" | "print">,
): number => {
  const histories = runs.map((run) => recordedRun({ run, out }));
  refuseTwice(histories);
  const comparison = compareRuns(histories);
  print(json ? runComparisonJson(comparison) : runComparisonText(comparison, paint));
  return EXIT.holds;
};
