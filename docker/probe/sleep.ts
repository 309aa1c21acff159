import { setTimeout as wait } from "node:timers/promises";

/** Resolves after the duration, or at once when the signal aborts; never rejects. */
export const sleep = (durationMs: number, signal: AbortSignal): Promise<void> =>
  wait(durationMs, undefined, { signal }).catch(() => undefined);
