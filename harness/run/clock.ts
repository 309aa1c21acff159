import { performance } from "node:perf_hooks";
import { cpuUsage } from "node:process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Clock, ProcessorMeter } from "../core/ports.ts";
import { millis } from "../core/units.ts";

/** This machine's monotonic clock, starting at zero now. */
export const systemClock = (): Clock => {
  const start = performance.now();
  return {
    // Microseconds: finer than that the clock is noise, and a journal has many instants.
    now: () => millis(Math.round((performance.now() - start) * 1000) / 1000),
    sleep: (duration, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, duration);
        signal.addEventListener("abort", done, { once: true });
      }),
  };
};

/** The kernel tells times to programs in hundredths of a second. */
const TICK_MS = 10;

/**
 * Processor time of the programs that this one has started and that have ended (lock holders, for example), which
 * `cpuUsage` leaves out: the 16th and 17th field of `/proc/self/stat`, after the name in parentheses. 0 elsewhere
 * than on Linux.
 */
const usedByChildren = (): number => {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(13, 15)
      .map(Number);
    return (user + system) * TICK_MS;
  } catch {
    return 0;
  }
};

/** Processor time of this process and of what it has started and waited for, as the kernel counts it. */
export const processorMeter: ProcessorMeter = {
  used: () => {
    const { user, system } = cpuUsage();
    return millis((user + system) / 1000 + usedByChildren());
  },
  cores: availableParallelism(),
};
