import { abortReason, wordsOf } from "./words.ts";

const FIRST_WAIT_MS = 50;
const WAIT_GROWTH = 1.5;
const LONGEST_WAIT_MS = 400;
/** A service that accepts and then says nothing must not use up the whole deadline. */
const LONGEST_TRY_MS = 2000;

export interface UntilReadyOptions {
  /** One try; its signal aborts after two seconds, and when the deadline passes. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  /** From the first try until giving up, in milliseconds, above 0. */
  readonly deadlineMs: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Resolves after the duration, or at once when the signal aborts; never rejects. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
  /** Called after a failed try, with its words; what it throws ends the waiting. */
  readonly onWait?: (words: string) => void | Promise<void>;
}

const secondsOf = (milliseconds: number): string =>
  `${String(Math.round(milliseconds / 100) / 10)}s`;

/** One try that ends when its time is over, even if the probe does not heed the signal. */
const tryOnce = async (
  { probe, sleep, signal }: Pick<UntilReadyOptions, "probe" | "sleep" | "signal">,
  boundMs: number,
): Promise<void> => {
  const bound = new AbortController();
  const ended = new AbortController();
  const onAbort = (): void => {
    bound.abort(abortReason(signal));
    ended.abort();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const timeUp = async (): Promise<void> => {
      await sleep(boundMs, ended.signal);
      if (!bound.signal.aborted) bound.abort(new Error(`no answer within ${secondsOf(boundMs)}`));
      throw abortReason(bound.signal);
    };
    await Promise.race([probe(bound.signal), timeUp()]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Ends the sleep; the probe itself is over, or is told to be.
    bound.abort();
    ended.abort();
  }
};

/**
 * Asks until the service answers: at once, then after 50 ms, each wait half as long again as the one before and at
 * most 400 ms: a service that needs 100 ms is not measured as one that needs a second, one that needs a minute is
 * not hammered.
 *
 * @returns how many tries it took, at least 1
 * @throws Error(`not ready within 60s: …`) with the last try's words; the signal's reason; what `onWait` throws
 */
export const untilReady = async (options: UntilReadyOptions): Promise<number> => {
  const { deadlineMs, now, signal, onWait } = options;
  const deadline = now() + deadlineMs;
  let wait = FIRST_WAIT_MS;
  let words: string | null = null;
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      await tryOnce(options, Math.min(LONGEST_TRY_MS, deadline - now()));
      return attempts;
    } catch (error) {
      signal.throwIfAborted();
      // A last try that the deadline cut short says less than the whole one before it.
      if (words === null || now() < deadline) words = wordsOf(error);
    }
    await onWait?.(words);
    await options.sleep(Math.max(0, Math.min(wait, deadline - now())), signal);
    signal.throwIfAborted();
    if (now() >= deadline) throw new Error(`not ready within ${secondsOf(deadlineMs)}: ${words}`);
    wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS);
  }
};
