import { EXIT } from "../../core/errors.ts";
import { judgeRun } from "../../core/judge.ts";
import { checkOutputs, writeOutputs, type Outputs } from "../outputs.ts";
import { printSummary, writeReports } from "../publish.ts";
import { recordedRun } from "../recorded-run.ts";
import { findRunDirectory } from "../run-directory.ts";
import type { Shell } from "../shell.ts";

export interface ReportOptions {
  /** Its id, its directory, or `latest`. */
  readonly run: string;
  readonly out: string;
  readonly json: boolean;
  readonly outputs: Outputs;
}

/** `stress report RUN`: judges the journal with today's knowledge and writes the reports again. */
export const reportCommand = async (options: ReportOptions, shell: Shell): Promise<number> => {
  const { run, out, json, outputs } = options;
  checkOutputs(outputs);
  const directory = findRunDirectory(out, run);
  const summary = judgeRun(recordedRun({ run, out }));
  printSummary(summary, { json, shell });
  writeReports(summary, { directory, shell });
  await writeOutputs(summary, outputs, shell);
  return EXIT[summary.verdict];
};
