/** Holds ports of the host, as somebody outside a run would. */
export interface PortHolder {
  /**
   * Takes one more port.
   *
   * @returns how it is held, for people; null where somebody has it already
   * @throws StressError("environment") when this machine does not let it
   */
  readonly hold: (port: number, signal: AbortSignal) => Promise<string | null>;
  /** Lets go of all of them, also of one that is still being taken. Never rejects; may be called again. */
  readonly release: () => Promise<void>;
}
