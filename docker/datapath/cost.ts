/**
 * What a stretch of time cost, and whom.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cost } from "../../harness/core/datapath/measurements.ts";
import { readProcesses } from "../evidence/process-table.ts";
import { readTimes, type TimesRead } from "./processor-times.ts";
import { softirqAccounting } from "./softirq-accounting.ts";
import { spentBetween, type Parties } from "./spenders.ts";

/** Never below 0, though a core's idle time may be seen to go back. */
const between = (before: number, after: number): number => Math.max(0, after - before);

const machineBetween = (before: TimesRead, after: TimesRead): Cost["machine"] => ({
  busyMs: between(before.machine.busyMs, after.machine.busyMs),
  softirqMs: between(before.machine.softirqMs, after.machine.softirqMs),
  idleMs: between(before.machine.idleMs, after.machine.idleMs),
  stealMs: between(before.machine.stealMs, after.machine.stealMs),
  cores: after.machine.cores,
});

/**
 * Counts for so long.
 *
 * @throws what aborts the signal
 */
export const costOver = async (
  durationMs: number,
  parties: Parties,
  signal: AbortSignal,
): Promise<Cost> => {
  // Before and after: who began in between is in the one, and who has ended when it is read in the other.
  const first = (await readProcesses()) ?? [];
  const before = readTimes();
  await sleep(durationMs, undefined, { signal });
  const after = readTimes();
  const processes = new Map([...first, ...((await readProcesses()) ?? [])]);
  return {
    seconds: (after.at - before.at) / 1000,
    processor: spentBetween(before, after, processes, parties),
    machine: machineBetween(before, after),
    softirq: softirqAccounting(),
  };
};
