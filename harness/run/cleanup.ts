type Release = () => Promise<void> | void;

/**
 * Releases in reverse order, every one of them, whatever fails: what `AsyncDisposableStack` will be for when
 * Node has it. Defer a release before the acquisition that may half succeed.
 *
 * @throws AggregateError of everything that a release threw, after the last one
 */
export class CleanupStack implements AsyncDisposable {
  readonly #releases: Release[] = [];

  defer(release: Release): void {
    this.#releases.push(release);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (
      let release = this.#releases.pop();
      release !== undefined;
      release = this.#releases.pop()
    ) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "cleanup was not complete");
  }
}
