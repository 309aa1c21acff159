import { json as jsonReport } from "../../reports/json.ts";
import { markdown } from "../../reports/markdown.ts";
import { text } from "../../reports/text.ts";
import type { Summary } from "../core/summary.ts";
import { writeReport } from "./run-directory.ts";
import type { Shell } from "./shell.ts";

/** Prints a run's summary, then writes it beside its journal: a full disk must not cost the reader the result. */
export const publish = (
  summary: Summary,
  options: {
    readonly directory: string;
    readonly json: boolean;
    readonly shell: Shell;
  },
): void => {
  const { directory, json, shell } = options;
  shell.print(json ? jsonReport(summary) : text(summary, shell.paint));
  writeReport(directory, "summary.json", jsonReport(summary));
  writeReport(directory, "report.md", markdown(summary));
  shell.say(`report: ${directory}/report.md`);
};
