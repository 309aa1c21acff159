/**
 * Looks at what fails, while the burst goes on.
 */
import type { Question } from "../core/evidence.ts";
import type { Clock, Journal, Witness } from "../core/ports.ts";
import { questionsOf } from "../core/questions.ts";
import { refOf, type Given } from "./job.ts";

/** The looks of one wave. */
export interface Looks {
  /** Begins to look at once if the answer calls for it; returns without waiting. */
  readonly consider: (given: Given) => void;
  /** Resolves when every look begun so far is in the journal; rejects with what one of them threw. */
  readonly settled: () => Promise<void>;
}

export const createLooks = ({
  clock,
  journal,
  witness,
}: {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly witness: Witness;
}): Looks => {
  const underWay: Promise<void>[] = [];
  const look = async (given: Given, question: Question): Promise<void> => {
    const { job, operation, at: failedAt } = given;
    const beganAt = clock.now();
    const sight = await witness.look(question);
    journal.append({
      event: "looked",
      at: clock.now(),
      ...refOf(job, operation, given.try),
      failedAt,
      beganAt,
      sight,
    });
  };
  return {
    consider: (given) => {
      for (const question of questionsOf(given.answer, given.operation, given.job.plan)) {
        const looking = look(given, question);
        // Whoever waits for all of them gets it; until then it must not end the process.
        looking.catch(() => undefined);
        underWay.push(looking);
      }
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};
