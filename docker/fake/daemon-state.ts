/** How the simulated dockerd is: at work, stopped by a signal, or gone. */
type State = "running" | "paused" | "gone";

interface CallWaiter {
  readonly count: number;
  readonly resolve: () => void;
}

/** The simulated process. What it answers waits while it is stopped; gone, it answers nothing ever again. */
export class DaemonState {
  #state: State = "running";
  #calls = 0;
  #resumed: (() => void)[] = [];
  #waiters: CallWaiter[] = [];
  readonly #onKill: () => void;

  /** @param onKill - what ends with the daemon */
  constructor(onKill: () => void) {
    this.#onKill = onKill;
  }

  get state(): State {
    return this.#state;
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** Goes on, also instead of a pause that is still to come. */
  resume(): void {
    if (this.#state === "paused") this.#state = "running";
    this.#waiters = [];
    this.#wake();
  }

  kill(): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    this.#onKill();
    this.#wake();
  }

  /** Counts a call to the API. */
  called(): void {
    this.#calls += 1;
    const due = this.#waiters.filter(({ count }) => count <= this.#calls);
    this.#waiters = this.#waiters.filter(({ count }) => count > this.#calls);
    if (due.length > 0) this.pause();
    for (const { resolve } of due) resolve();
  }

  /**
   * Resolves when so many more calls have come, and stops there: a simulated burst may be over before anybody who
   * waited could do something about it.
   */
  pausedAfter(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ count: this.#calls + more, resolve });
    });
  }

  /** Waits while it is stopped. @returns false when it is gone */
  async attends(): Promise<boolean> {
    while (this.#state === "paused") {
      await new Promise<void>((resolve) => {
        this.#resumed.push(resolve);
      });
    }
    return this.#state === "running";
  }

  #wake(): void {
    const waiting = this.#resumed;
    this.#resumed = [];
    for (const resolve of waiting) resolve();
  }
}
