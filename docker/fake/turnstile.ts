const ignore = (): void => undefined;

/** A mutex that lets through in order of arrival, as the daemon's networking does. */
export class Turnstile {
  #last: Promise<void> = Promise.resolve();

  /** Runs `work` alone; rejects as it does, and lets the next through all the same. */
  pass<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.then(ignore, ignore);
    return result;
  }
}
