/**
 * A wave with what became of its jobs.
 */
import type { WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";

/** Outcomes are in the order of the jobs. */
export interface JudgedWave {
  readonly wave: WaveHistory;
  /** Null where the journal does not tell what was planned. */
  readonly planned: WavePlan | null;
  readonly outcomes: readonly { readonly job: string; readonly outcome: Outcome }[];
  /** It ran to its end: no job was cut off, and teardown was done. */
  readonly finished: boolean;
}

export const judgeWave = (
  wave: WaveHistory,
  planned: WavePlan | null,
  toProve: ReadonlySet<string>,
): JudgedWave => {
  const outcomes = wave.jobs.map((job) => ({ job: job.id, outcome: outcomeOf(job, toProve) }));
  const cutOff = outcomes.some(({ outcome }) => outcome.status === "unfinished");
  return { wave, planned, outcomes, finished: wave.ended !== null && !cutOff };
};

/** Gate to the end of the burst; null where either is missing. */
export const burstOf = ({ gateAt, burstEnded }: WaveHistory): number | null =>
  gateAt === null || burstEnded === null ? null : burstEnded.at - gateAt;
