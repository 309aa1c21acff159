/**
 * A run from its options to its judged journal: what `run` does, and what every command does that measures.
 */
import { randomBytes } from "node:crypto";
import { EXIT } from "../core/errors.ts";
import { parseExpectation } from "../core/expectations/parse.ts";
import { selected } from "../core/expectations/selection.ts";
import { history, type RunHistory } from "../core/history.ts";
import { judgeRun } from "../core/judge.ts";
import type { Summary } from "../core/summary.ts";
import { CleanupStack } from "../run/cleanup.ts";
import { layOut, withProfiles } from "./lay-out.ts";
import { checkOutputs, writeOutputs } from "./outputs.ts";
import { resolveProfiles } from "./profiles.ts";
import { writeReports } from "./publish.ts";
import { recordRun, type LaidOutRun } from "./record-run.ts";
import { newRunId } from "./run-directory.ts";
import type { RunOptions } from "./run-options.ts";
import type { Shell } from "./shell.ts";

export interface PerformedRun {
  readonly summary: Summary;
  readonly run: RunHistory;
  /** Where its journal and its reports are. */
  readonly directory: string;
  /** What the summary and the way the run ended make of it. */
  readonly exitCode: number;
}

const exitCodeOf = (summary: Summary, shell: Shell): number => {
  if (summary.ended === "interrupted") return shell.interruptedBy() ?? EXIT.unknown;
  if (summary.ended === "engine-lost" || summary.ended === "trouble-failed") {
    return EXIT.environment;
  }
  return EXIT[summary.verdict];
};

/** Expectations whose arms were left out with their profile: better known before the waves than after. */
const untold = ({ expected, plan }: LaidOutRun): readonly string[] =>
  (expected?.expectations ?? [])
    .filter((text) => selected(parseExpectation(text), plan.arms).length === 0)
    .map((text) => `"${text}" will be unknown: its profile is left out`);

/**
 * Performs, judges and reports, in that order, and takes the engines down at the end.
 *
 * @param report - prints what the caller makes of the run; whatever went wrong in it, what ran so far is reported
 * before anything is thrown
 * @throws StressError for a run that could not begin, or whose journal or reports could not be written
 */
export const performedRun = async (
  options: RunOptions,
  shell: Shell,
  report: (performed: PerformedRun) => void = () => undefined,
): Promise<PerformedRun> => {
  const { say } = shell;
  const run = newRunId(new Date(), randomBytes(2).toString("hex"));
  const draft = layOut(options, run);
  checkOutputs(options.outputs);
  await using cleanup = new CleanupStack();
  const laidOut =
    draft.profiles === null
      ? draft.laidOut
      : withProfiles(draft.laidOut, await resolveProfiles(draft.profiles, options.engine, shell));
  for (const words of untold(laidOut)) say(words);
  const recorded = await recordRun(laidOut, shell, cleanup);
  const failures = [...recorded.failures];
  const told = history(recorded.events);
  const summary = judgeRun(told);
  const { directory } = recorded;
  const performed = { summary, run: told, directory, exitCode: exitCodeOf(summary, shell) };
  try {
    report(performed);
    writeReports(summary, { directory, shell });
    await writeOutputs(summary, options.outputs, shell);
  } catch (error) {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  }
  const [first, ...others] = failures;
  for (const other of others) say(other.message);
  if (first !== undefined) throw first;
  return performed;
};
