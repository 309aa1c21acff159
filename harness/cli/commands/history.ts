import { historyJson, historyText } from "../../../reports/history.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { nightsOf } from "../../core/nights.ts";
import { indexedRuns } from "../run-index.ts";
import type { Shell } from "../shell.ts";

export interface HistoryOptions {
  /** Parts of an arm's id; null: every arm. */
  readonly arm: string | null;
  readonly out: string;
  readonly json: boolean;
}

/** `stress history`: failure rate and burst time of each arm over all runs there are, and where they changed. */
export const historyCommand = (
  { arm, out, json }: HistoryOptions,
  shell: Pick<Shell, "say" | "print" | "paint">,
): number => {
  const records = indexedRuns(out, shell.say);
  const nights = nightsOf(records, arm);
  if (nights.series.length === 0) {
    const arms = [...new Set(records.flatMap((record) => record.arms.map(({ id }) => id)))];
    throw new StressError(
      "usage",
      arm === null || arms.length === 0
        ? `no run in ${out} ran to its end; --out names the directory of the runs`
        : `--arm ${arm}: no finished run has such an arm; there are ${arms.join(", ")}`,
    );
  }
  shell.print(json ? historyJson(nights) : historyText(nights, shell.paint));
  return EXIT.holds;
};
