/** What the simulated daemon has written to its log since it started. */
export class DaemonLog {
  readonly #lines: string[] = [];

  append(...lines: readonly string[]): void {
    const time = new Date().toISOString();
    for (const line of lines) this.#lines.push(`time="${time}" ${line}`);
  }

  /** @param from - how many lines the reader has read already */
  since(from: number): readonly string[] {
    return this.#lines.slice(from);
  }
}
