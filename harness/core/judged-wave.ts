/**
 * A wave with what became of its jobs.
 */
import type { RunHistory, WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import { outcomeOf, servicesToProve, type Outcome } from "./outcome.ts";
import { plannedWave } from "./planned.ts";

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

/**
 * An arm's waves, in the order of the run: what each of its jobs has to prove is what any of them came to start.
 *
 * @param plans - the run's waves as planned; null where the caller has no need of them
 */
export const judgeArm = (
  { waves }: Pick<RunHistory, "waves">,
  arm: string,
  plans: readonly WavePlan[] | null = null,
): readonly JudgedWave[] => {
  const own = waves.filter(({ started }) => started.arm === arm);
  const toProve = servicesToProve(own.flatMap(({ jobs }) => jobs));
  return own.map((wave) => judgeWave(wave, plannedWave(plans, wave), toProve));
};

/** Gate to the end of the burst; null where either is missing. */
export const burstOf = ({ gateAt, burstEnded }: WaveHistory): number | null =>
  gateAt === null || burstEnded === null ? null : burstEnded.at - gateAt;
