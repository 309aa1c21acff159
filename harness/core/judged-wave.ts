/**
 * A wave with what became of its jobs.
 */
import type { RunHistory, WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import { outcomeOf, proofOf, type Outcome, type Proof } from "./outcome.ts";
import { plannedWave } from "./planned.ts";
import { sorted } from "./statistics.ts";

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
  proof: Proof,
): JudgedWave => {
  const outcomes = wave.jobs.map((job) => ({ job: job.id, outcome: outcomeOf(job, proof) }));
  const cutOff = outcomes.some(({ outcome }) => outcome.status === "unfinished");
  return { wave, planned, outcomes, finished: wave.ended !== null && !cutOff };
};

/**
 * An arm's waves, in the order of the run: what each of its jobs has to prove is what any of them came to start.
 *
 * @param plans - the run's waves as planned; null where the caller has no need of them
 */
export const judgeArm = (
  { started, waves }: Pick<RunHistory, "started" | "waves">,
  arm: string,
  plans: readonly WavePlan[] | null = null,
): readonly JudgedWave[] => {
  const own = waves.filter((wave) => wave.started.arm === arm);
  const proof = proofOf(
    started,
    own.flatMap(({ jobs }) => jobs),
  );
  return own.map((wave) => judgeWave(wave, plannedWave(plans, wave), proof));
};

/** Gate to the end of the burst; null where either is missing. */
export const burstOf = ({ gateAt, burstEnded }: WaveHistory): number | null =>
  gateAt === null || burstEnded === null ? null : burstEnded.at - gateAt;

/** First to last of the jobs' first requests written; null where the burst was cut off, or nothing was written. */
export const launchSkewOf = ({ burstEnded, jobs }: WaveHistory): number | null => {
  if (burstEnded === null) return null;
  const firsts = jobs.flatMap(({ burst }) => {
    const written = burst.flatMap(({ writtenAt }) => (writtenAt === null ? [] : [writtenAt]));
    return written.length === 0 ? [] : [written.reduce((a, b) => (b < a ? b : a))];
  });
  const ordered = sorted(firsts);
  const [first, last] = [ordered[0], ordered.at(-1)];
  return first === undefined || last === undefined ? null : last - first;
};
