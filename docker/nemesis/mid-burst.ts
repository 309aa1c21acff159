import type { Arsenal, Strike, TroublePart } from "./trouble.ts";

export interface MidBurstOptions {
  readonly wait: Arsenal["midBurst"];
  /** Before the burst; what it throws, `strike` throws. */
  readonly prepare: () => Promise<void>;
  /** Makes the trouble, and may go on until the signal aborts. */
  readonly come: (strike: Strike, signal: AbortSignal) => Promise<void>;
  /** When it is over, whether it came or not. Never rejects. */
  readonly undo: () => Promise<void>;
}

/** Trouble that comes while jobs are under way: `strike` only arms it. */
export const inMidBurst = ({ wait, prepare, come, undo }: MidBurstOptions): TroublePart => {
  const over = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  const perform = async (strike: Strike): Promise<void> => {
    const options = { moment: strike.moment, jobs: strike.wave.jobs.length };
    await wait(options, over.signal);
    if (!over.signal.aborted) await come(strike, over.signal);
  };
  return {
    strike: async (strike) => {
      await prepare();
      // What it was aimed at may be gone when it comes: then there is nothing to report.
      underWay = perform(strike).catch(() => undefined);
    },
    lift: async () => {
      over.abort();
      await underWay;
      await undo();
    },
  };
};
