import { toCall } from "../../../docker/client/calls.ts";
import { reproScript } from "../../../reports/repro-script.ts";
import { EXIT } from "../../core/errors.ts";
import { repro } from "../../core/repro.ts";
import { checkJob, recordedRun, type RecordedRunOptions } from "../recorded-run.ts";
import type { Shell } from "../shell.ts";

export interface ReproOptions extends RecordedRunOptions {
  readonly job: string | null;
}

/**
 * `stress repro RUN --job J`: a bash script, on stdout, that fails as the job has failed.
 *
 * @throws StressError("usage") for a run or a job that there is not, a job that did not fail, and for a failure that
 * no script can repeat
 */
export const reproCommand = (options: ReproOptions, shell: Pick<Shell, "print">): number => {
  const run = recordedRun(options);
  shell.print(reproScript(repro(run, checkJob(run, options.job)), toCall));
  return EXIT.holds;
};
