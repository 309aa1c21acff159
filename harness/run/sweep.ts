import type { Inventory } from "../core/model.ts";
import type { Clock } from "../core/ports.ts";
import { seconds } from "../core/units.ts";

/**
 * How long nothing must appear before an engine counts as quiet. A daemon finishes what it was asked for after
 * the asker has gone: sixteen network creates queue behind one mutex, about a tenth of a second each.
 */
const QUIET = seconds(2);

/** Looks in a row that may find something, before it is taken for somebody who keeps creating. */
const LOOKS = 60;

export interface SweepOptions {
  readonly clock: Clock;
  readonly look: () => Promise<Inventory>;
  /** Returns what could not be removed, in words. */
  readonly remove: (found: Inventory) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
}

/**
 * Removes what is found until a look after a quiet while finds nothing: requests whose sender was killed or
 * gave up may still be carried out by the daemon.
 *
 * @returns what could not be removed, in words; not empty ends the sweep
 */
export const sweepUntilQuiet = async ({
  clock,
  look,
  remove,
  signal,
}: SweepOptions): Promise<readonly string[]> => {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const found = await look();
    const isEmpty = found.containers.length + found.networks.length === 0;
    if (looks > 0 && isEmpty) return [];
    const stuck = isEmpty ? [] : await remove(found);
    if (stuck.length > 0) return stuck;
    await clock.sleep(QUIET, signal);
    if (signal.aborted) return ["the sweep was cut off"];
  }
  return ["objects keep appearing"];
};
