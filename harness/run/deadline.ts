import { setMaxListeners } from "node:events";
import { DeadlinePassed } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import type { Millis } from "../core/units.ts";

/**
 * Runs `body` with a signal that aborts when `duration` has passed or `outer` aborts, whichever is first.
 *
 * Not `AbortSignal.any([outer, AbortSignal.timeout()])`: this one runs on the injected clock and leaves no
 * listener on `outer` behind, of which a run would otherwise collect tens of thousands.
 */
export const withDeadline = async <Result>(
  { clock, duration, outer }: { clock: Clock; duration: Millis; outer: AbortSignal },
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const controller = new AbortController();
  // One listener for each call under way is what a signal is for here; Node warns from eleven on.
  setMaxListeners(0, controller.signal, outer);
  const done = new AbortController();
  const cancel = (): void => {
    controller.abort(outer.reason);
  };
  if (outer.aborted) cancel();
  else outer.addEventListener("abort", cancel, { once: true });
  void clock.sleep(duration, done.signal).then(() => {
    if (!done.signal.aborted) controller.abort(new DeadlinePassed(duration));
  });
  try {
    return await body(controller.signal);
  } finally {
    done.abort();
    outer.removeEventListener("abort", cancel);
  }
};
