import { LABEL } from "../../harness/core/model.ts";

/** Whose name is on what trouble makes on an engine, in the place of a job's. */
export const NEMESIS_JOB = "nemesis";

/** What everything that is made on the engine is marked with, so that `stress clean` finds it. */
export interface Marks {
  readonly run: string;
  /** The value of the owner label. */
  readonly owner: string;
}

export const labelsOf = ({ run, owner }: Marks): Readonly<Record<string, string>> => ({
  [LABEL.run]: run,
  [LABEL.job]: NEMESIS_JOB,
  [LABEL.owner]: owner,
});
