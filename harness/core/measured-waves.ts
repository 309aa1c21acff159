/**
 * The waves of a run that count: a warm-up is there so that nothing is measured in it.
 */
import { warmupArms } from "./arms.ts";
import type { EventOf } from "./events.ts";
import type { RunHistory } from "./history.ts";

/** The run as if it had had no warm-up. */
export const measuredRun = (run: RunHistory): RunHistory => ({
  ...run,
  waves: run.waves.filter(({ started }) => started.block > 0),
});

/** All waves that were planned, as they are numbered: those of warm-ups come first. */
export const wavesInAll = ({ request, arms, waves }: EventOf<"run.started">): number =>
  waves + (request?.warmups ?? 0) * warmupArms(arms).length;
