import { EXIT } from "../../core/errors.ts";
import { layOut } from "../lay-out.ts";
import { performedRun } from "../perform.ts";
import { printPlan } from "../print-plan.ts";
import { printSummary } from "../publish.ts";
import type { RunOptions } from "../run-options.ts";
import type { Shell } from "../shell.ts";

/** `stress run`: plan, perform, judge, report. @returns the exit code */
export const runCommand = async (options: RunOptions, shell: Shell): Promise<number> => {
  const { json, keepFailed } = options;
  if (options.dryRun) {
    printPlan(layOut(options, "dry-run").laidOut.plan, { json, print: shell.print });
    return EXIT.holds;
  }
  const { exitCode } = await performedRun(options, shell, ({ summary }) => {
    printSummary(summary, { json, shell });
    if (keepFailed) shell.say(`what failed was kept; to remove it: stress clean ${summary.run}`);
  });
  return exitCode;
};
