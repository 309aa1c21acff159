/**
 * A run as its journal tells it, for the commands that look back.
 */
import { join } from "node:path";
import { StressError } from "../core/errors.ts";
import { history, type RunHistory } from "../core/history.ts";
import { finalFailureOf } from "../core/outcome.ts";
import { readJournal } from "../run/journal.ts";
import { findRunDirectory, JOURNAL_FILE } from "./run-directory.ts";

export interface RecordedRunOptions {
  /** Its id, its directory, or `latest`. */
  readonly run: string;
  /** The directory for the runs. */
  readonly out: string;
}

/** @throws StressError("usage") where there is no journal, or none that can be read */
export const recordedRun = ({ run, out }: RecordedRunOptions): RunHistory => {
  const path = join(findRunDirectory(out, run), JOURNAL_FILE);
  try {
    return history(readJournal(path));
  } catch (error) {
    if (!(error instanceof StressError)) throw error;
    throw new StressError("usage", error.message, { cause: error });
  }
};

const MOST_NAMED = 8;

/** What `--job` could have been. */
const failedJobs = ({ waves }: RunHistory): string => {
  const failed = waves
    .flatMap(({ jobs }) => jobs)
    .filter((job) => finalFailureOf(job) !== null)
    .map(({ id }) => id);
  if (failed.length === 0) return "no job of it failed";
  const more = failed.length - MOST_NAMED;
  const named = failed.slice(0, MOST_NAMED).join(", ");
  return more > 0 ? `failed: ${named} and ${String(more)} more` : `failed: ${named}`;
};

/** @throws StressError("usage") for a job that the run does not have, naming some that failed */
export const checkJob = (run: RunHistory, job: string | null): string => {
  const id = run.started.run;
  if (job === null) {
    throw new StressError("usage", `which job of run ${id}? --job JOB; ${failedJobs(run)}`);
  }
  if (run.waves.some(({ jobs }) => jobs.some((each) => each.id === job))) return job;
  throw new StressError(
    "usage",
    `--job: run ${id} has no job ${JSON.stringify(job)}; ${failedJobs(run)}`,
  );
};
