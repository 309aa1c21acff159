import type { Summary } from "../harness/core/summary.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";
import { tally } from "./tally.ts";
import { verdictLine } from "./verdict.ts";

/** What a run prints on stdout: tallies, arms side by side, reasons, and the verdict as the last line. */
export const text = (summary: Summary, paint: Paint): string => {
  const reasons = summary.reasons.map((reason) => `- ${printable(reason)}\n`).join("");
  const line = verdictLine(summary);
  const verdict = paint.bold(summary.verdict === "holds" ? paint.good(line) : paint.bad(line));
  const parts = [tally(summary, paint), table(summary, paint), reasons, `${verdict}\n`];
  return parts.filter((part) => part !== "").join("\n");
};
