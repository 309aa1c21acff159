import { EXIT } from "../../core/errors.ts";
import { judgeRun } from "../../core/judge.ts";
import { publish } from "../publish.ts";
import { recordedRun } from "../recorded-run.ts";
import { findRunDirectory } from "../run-directory.ts";
import type { Shell } from "../shell.ts";

export interface ReportOptions {
  /** Its id, its directory, or `latest`. */
  readonly run: string;
  readonly out: string;
  readonly json: boolean;
}

/** `stress report RUN`: judges the journal with today's knowledge and writes the reports again. */
export const reportCommand = ({ run, out, json }: ReportOptions, shell: Shell): number => {
  const directory = findRunDirectory(out, run);
  const summary = judgeRun(recordedRun({ run, out }));
  publish(summary, { directory, json, shell });
  return EXIT[summary.verdict];
};
