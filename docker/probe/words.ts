/**
 * The words of anything thrown. Node's connection attempts to several addresses end in an AggregateError
 * without a message of its own: its parts speak for it.
 */
export const wordsOf = (thrown: unknown): string => {
  if (thrown instanceof AggregateError && thrown.message === "") {
    return thrown.errors.map(wordsOf).join("; ");
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
};

/** Why a signal was aborted, as something that can be thrown. */
export const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error(wordsOf(signal.reason));
