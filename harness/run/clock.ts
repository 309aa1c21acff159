import { performance } from "node:perf_hooks";
import { cpuUsage } from "node:process";
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

/** Processor time of this process, as the kernel counts it. */
export const processorMeter: ProcessorMeter = {
  used: () => {
    const { user, system } = cpuUsage();
    return millis((user + system) / 1000);
  },
  cores: availableParallelism(),
};
