import { join } from "node:path";
import { EXIT, StressError } from "../../core/errors.ts";
import type { Summary } from "../../core/summary.ts";
import { judge } from "../../core/judge.ts";
import { readJournal } from "../../run/journal.ts";
import type { Command } from "../command-line.ts";
import { publish } from "../publish.ts";
import { findRunDirectory, JOURNAL_FILE } from "../run-directory.ts";
import type { Shell } from "../shell.ts";

/** A journal that cannot be read is the wrong file, as far as this command goes. */
const judged = (path: string): Summary => {
  try {
    return judge(readJournal(path));
  } catch (error) {
    if (!(error instanceof StressError)) throw error;
    throw new StressError("usage", error.message, { cause: error });
  }
};

/** `stress report RUN`: judges the journal with today's knowledge and writes the reports again. */
export const reportCommand = (
  { run, out, json }: Extract<Command, { name: "report" }>,
  shell: Shell,
): number => {
  const directory = findRunDirectory(out, run);
  const summary = judged(join(directory, JOURNAL_FILE));
  publish(summary, { directory, json, shell });
  return EXIT[summary.verdict];
};
