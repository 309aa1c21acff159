/**
 * Whether an engine still answers, and work that ends when it does not.
 */
import { setMaxListeners } from "node:events";
import { StressError } from "../core/errors.ts";
import type { Deadlines } from "../core/model.ts";
import type { Clock, Runtime } from "../core/ports.ts";
import { formatMillis, millis, seconds, type Millis } from "../core/units.ts";
import { withDeadline } from "./deadline.ts";

/** How long an engine may take to say that it is still there, however long a call may take. */
const ALIVE_DEADLINE = seconds(10);

/** An engine that can be asked whether it is still there. */
export interface Watched {
  readonly clock: Clock;
  readonly alive: Runtime["alive"];
  /** The deadline of one call. */
  readonly call: Millis;
}

const patience = ({ call }: Watched): Millis => millis(Math.min(ALIVE_DEADLINE, call));

/** Also a run that is being cancelled must know whether there is an engine to clean up on: it passes no signal. */
export const isEngineAlive = (
  watched: Watched,
  outer: AbortSignal = new AbortController().signal,
): Promise<boolean> =>
  withDeadline({ clock: watched.clock, duration: patience(watched), outer }, (signal) =>
    watched.alive(signal),
  );

/** @param what - happened before, in words */
export const engineLost = (watched: Watched, what: string): StressError =>
  new StressError(
    "engine-lost",
    `${what}, and the engine does not answer /_ping within ${formatMillis(patience(watched))}`,
  );

/**
 * Removes something under a deadline. As often as a call could have timed out, the engine is asked whether it is still
 * there: from one that is paused or hangs, every further call would only cost its own deadline.
 *
 * @throws StressError("engine-lost") when it is not; else what `body` throws
 */
export const removeWhileAlive = (
  watched: Watched & Pick<Deadlines, "teardown"> & { readonly outer: AbortSignal },
  body: (signal: AbortSignal) => Promise<void>,
): Promise<void> =>
  withDeadline(
    { clock: watched.clock, duration: watched.teardown, outer: watched.outer },
    async (late) => {
      const lost = new AbortController();
      const done = new AbortController();
      const signal = AbortSignal.any([late, lost.signal]);
      setMaxListeners(0, signal);
      const watch = async (): Promise<void> => {
        while (!lost.signal.aborted) {
          await watched.clock.sleep(watched.call, done.signal);
          if (done.signal.aborted) return;
          const isAlive = await isEngineAlive(watched, done.signal);
          if (!isAlive) lost.abort(engineLost(watched, "removals take long"));
        }
      };
      void watch();
      try {
        await body(signal);
      } catch (error) {
        lost.signal.throwIfAborted();
        throw error;
      } finally {
        done.abort();
      }
      lost.signal.throwIfAborted();
    },
  );
