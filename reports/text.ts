import type { Summary } from "../harness/core/summary.ts";
import { calibrationText } from "./calibration.ts";
import { comparisonText } from "./comparison.ts";
import { datapathText } from "./datapath.ts";
import { expectationsText, interimText } from "./expectations.ts";
import type { Paint } from "./paint.ts";
import { portTraceText } from "./port-trace.ts";
import { printable } from "./printable.ts";
import { routesText } from "./routes.ts";
import { runnersText } from "./runners.ts";
import { signalsText } from "./signals.ts";
import { soakText } from "./soak.ts";
import { table } from "./table.ts";
import { tally } from "./tally.ts";
import { triesText } from "./tries.ts";
import { verdictLine } from "./verdict.ts";

/** Traces on the terminal; the report has all of them. */
const MOST_TRACES = 2;

/** What a run prints on stdout: tallies, arms side by side, reasons, and the verdict as the last line. */
export const text = (summary: Summary, paint: Paint): string => {
  const reasons = summary.reasons.map((reason) => `- ${printable(reason)}\n`).join("");
  const line = verdictLine(summary);
  const verdict = paint.bold(summary.verdict === "holds" ? paint.good(line) : paint.bad(line));
  const parts = [
    tally(summary, paint),
    table(summary, paint),
    signalsText(summary.signals, summary.daemonLog, paint),
    ...summary.portTraces.slice(0, MOST_TRACES).map((trace) => portTraceText(trace, paint)),
    soakText(summary.soak, paint),
    summary.comparison === null ? "" : comparisonText(summary.comparison, paint),
    runnersText(summary.runners, paint),
    routesText(summary.routes, paint),
    datapathText(summary.datapath, paint),
    triesText(summary.tries, paint),
    expectationsText(summary.expectations, paint),
    interimText(summary.interim, paint),
    summary.calibration === null ? "" : calibrationText(summary.calibration, paint),
    reasons,
    `${verdict}\n`,
  ];
  return parts.filter((part) => part !== "").join("\n");
};
