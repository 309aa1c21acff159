import { join } from "node:path";
import { EXIT } from "../../core/errors.ts";
import { judge } from "../../core/judge.ts";
import { readJournal } from "../../run/journal.ts";
import type { Command } from "../command-line.ts";
import { publish } from "../publish.ts";
import { findRunDirectory, JOURNAL_FILE } from "../run-directory.ts";
import type { Shell } from "../shell.ts";

/** `stress report RUN`: judges the journal with today's knowledge and writes the reports again. */
export const reportCommand = (
  { run, out, json }: Extract<Command, { name: "report" }>,
  shell: Shell,
): number => {
  const directory = findRunDirectory(out, run);
  const summary = judge(readJournal(join(directory, JOURNAL_FILE)));
  publish(summary, { directory, json, shell });
  return EXIT[summary.verdict];
};
