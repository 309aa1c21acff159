/** Runs of two arms between which there is no difference, from their journals on. */
import { compareArms } from "../../../../harness/core/comparison/compare.ts";
import { history } from "../../../../harness/core/history.ts";
import { seeded, type Random } from "../../../../harness/core/random.ts";
import { samplesOf } from "../../../../harness/core/samples.ts";
import { arm, journalOf, refused, type Wrong } from "../history.ts";
import { betaBinomial } from "./draws.ts";

const JOBS = 16;
const ARMS = ["default", "again"].map((profile) => ({
  ...arm("ports", JOBS),
  id: `${profile}/ports`,
  profile,
}));
const WRONG = [refused("network.create", null, "all predefined address pools have been used")];

export interface Luck {
  readonly blocks: number;
  /** How often a job fails, and how far the jobs of a wave go together. */
  readonly mean: number;
  readonly icc: number;
}

const waveOf = (id: string, { mean, icc }: Luck, random: Random) => {
  const failed = betaBinomial(JOBS, { mean, icc }, random);
  const wrong: Record<number, readonly Wrong[]> = {};
  for (let job = 1; job <= failed; job += 1) wrong[job] = WRONG;
  return { arm: id, wrong, slowness: 1 + random.next() / 10 };
};

/** In how many of so many runs the arms are called different, in their failures and in their bursts. */
export const falseAlarms = (
  runs: number,
  luck: Luck,
): { readonly failures: number; readonly bursts: number } => {
  const random = seeded(`equal arms ${JSON.stringify(luck)}`);
  let [failures, bursts] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const waves = Array.from({ length: luck.blocks }, () =>
      ARMS.map(({ id }) => waveOf(id, luck, random)),
    ).flat();
    const [pair] = compareArms(samplesOf(history(journalOf({ arms: ARMS, waves })))).pairs;
    if (pair === undefined) throw new Error("nothing was compared");
    if (pair.failures.verdict === "differs") failures += 1;
    if (pair.burst.verdict === "differs") bursts += 1;
  }
  return { failures, bursts };
};

/** Five in a hundred, and what chance adds to so many runs in 999 of 1,000 cases. */
export const mostFalseAlarms = (runs: number): number =>
  0.05 * runs + 3.09 * Math.sqrt(0.05 * 0.95 * runs);
