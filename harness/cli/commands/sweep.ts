import { sweepJson, sweepMarkdown, sweepText } from "../../../reports/sweep.ts";
import { EXIT } from "../../core/errors.ts";
import type { RunHistory } from "../../core/history.ts";
import { sweepOf, type Sweep } from "../../core/sweep/sweep.ts";
import { layOut } from "../lay-out.ts";
import { performedRun } from "../perform.ts";
import { printPlan } from "../print-plan.ts";
import { recordedRun } from "../recorded-run.ts";
import { resolvedCommand } from "../resolved-command.ts";
import { findRunDirectory, writeReport } from "../run-directory.ts";
import type { RunOptions } from "../run-options.ts";
import type { Shell } from "../shell.ts";

export interface SweepOptions {
  readonly run: RunOptions;
  /** A recorded run to look at, instead of a new one: its id, its directory, or `latest`. */
  readonly from: string | null;
}

/** Printed first: a full disk must not cost the reader the result. */
const publish = (
  sweep: Sweep,
  { directory, json }: { readonly directory: string; readonly json: boolean },
  shell: Shell,
): void => {
  shell.print(json ? sweepJson(sweep) : sweepText(sweep, shell.paint));
  writeReport(directory, "sweep.json", sweepJson(sweep));
  writeReport(directory, "sweep.md", sweepMarkdown(sweep));
  shell.say(`sweep: ${directory}/sweep.md`);
};

/** Failures are what a sweep looks for: they make it no worse. */
const exitCodeOf = ({ verdict }: Sweep): number =>
  verdict === "measured" ? EXIT.holds : EXIT.unknown;

const perform = async (options: RunOptions, shell: Shell): Promise<number> => {
  const { json, dryRun } = options;
  const command = (seed: string): readonly string[] => [
    "sweep",
    ...resolvedCommand(options, seed).slice(1),
  ];
  const asked = { ...options, command };
  if (dryRun) {
    printPlan(layOut(asked, "dry-run").laidOut.plan, { json, print: shell.print });
    return EXIT.holds;
  }
  const { run, summary, exitCode } = await performedRun(asked, shell, (performed) => {
    const { directory } = performed;
    publish(sweepOf(performed.run), { directory, json }, shell);
  });
  return summary.ended === "completed" ? exitCodeOf(sweepOf(run)) : exitCode;
};

/**
 * `stress sweep`: a run over several numbers of jobs, and where failures begin in it.
 *
 * @returns 0 where that can be told, also where nothing failed; 2 where it cannot; else the run's own exit code
 */
export const sweepCommand = async (
  { run: options, from }: SweepOptions,
  shell: Shell,
): Promise<number> => {
  if (from === null) return await perform(options, shell);
  const { out, json } = options;
  const run: RunHistory = recordedRun({ run: from, out });
  const sweep = sweepOf(run);
  publish(sweep, { directory: findRunDirectory(out, from), json }, shell);
  return exitCodeOf(sweep);
};
