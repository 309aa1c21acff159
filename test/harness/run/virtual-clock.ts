import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../harness/core/ports.ts";
import { millis, type Millis } from "../../../harness/core/units.ts";

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes only when everybody waits, and then jumps to the next one to be woken. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];

  readonly now = (): Millis => millis(this.#now);

  readonly sleep = (duration: Millis, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const timer: Timer = {
        at: this.#now + duration,
        wake: () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
          signal.removeEventListener("abort", timer.wake);
          resolve();
        },
      };
      this.#timers.push(timer);
      signal.addEventListener("abort", timer.wake, { once: true });
    });

  /** Runs until the work is done. @throws when it waits for something that is not time */
  async drive<Result>(work: Promise<Result>): Promise<Result> {
    let over = false;
    const isOver = (): boolean => over;
    const outcome = work.finally(() => {
      over = true;
    });
    outcome.catch(() => undefined);
    while (!isOver()) {
      await turn();
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (isOver() || next === undefined) continue;
      this.#now = next.at;
      next.wake();
    }
    return await outcome;
  }
}
