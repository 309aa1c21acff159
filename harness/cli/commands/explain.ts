import {
  explanationJson,
  explanationMarkdown,
  explanationText,
} from "../../../reports/explanation.ts";
import { EXIT } from "../../core/errors.ts";
import { explain, type Explanation } from "../../core/explanation.ts";
import { checkJob, recordedRun, type RecordedRunOptions } from "../recorded-run.ts";
import type { Shell } from "../shell.ts";

export interface ExplainOptions extends RecordedRunOptions {
  /** Null: every job that failed. */
  readonly job: string | null;
  /** A page for every failed job, also for those that failed like another. */
  readonly all: boolean;
  readonly format: "text" | "markdown" | "json";
}

const render = (
  explanation: Explanation,
  { format }: ExplainOptions,
  { paint }: Pick<Shell, "paint">,
): string => {
  switch (format) {
    case "text":
      return explanationText(explanation, paint);
    case "markdown":
      return explanationMarkdown(explanation);
    case "json":
      return explanationJson(explanation);
  }
};

/**
 * `stress explain RUN`: a page for each failed job, or for each kind of failure. It judges nothing: its exit code
 * is 0 also when it explains failures, and when there are none.
 *
 * @throws StressError("usage") for a run or a job that there is not
 */
export const explainCommand = (
  options: ExplainOptions,
  shell: Pick<Shell, "paint" | "print">,
): number => {
  const run = recordedRun(options);
  const explanation =
    options.job === null
      ? explain(run, { failed: options.all ? "all" : "first" })
      : explain(run, { job: checkJob(run, options.job) });
  shell.print(render(explanation, options, shell));
  return EXIT.holds;
};
