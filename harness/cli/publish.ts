import { json as jsonReport } from "../../reports/json.ts";
import { markdown } from "../../reports/markdown.ts";
import { text } from "../../reports/text.ts";
import type { Summary } from "../core/summary.ts";
import { writeReport } from "./run-directory.ts";
import type { Shell } from "./shell.ts";

/** Prints a run's summary. */
export const printSummary = (
  summary: Summary,
  { json, shell }: { readonly json: boolean; readonly shell: Shell },
): void => {
  shell.print(json ? jsonReport(summary) : text(summary, shell.paint));
};

/** Writes it beside the journal: after it was printed, since a full disk must not cost the reader the result. */
export const writeReports = (
  summary: Summary,
  { directory, shell }: { readonly directory: string; readonly shell: Shell },
): void => {
  writeReport(directory, "summary.json", jsonReport(summary));
  writeReport(directory, "report.md", markdown(summary));
  shell.say(`report: ${directory}/report.md`);
};
