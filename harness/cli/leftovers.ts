import type Dockerode from "dockerode";
import { leftovers, removeAll, type Leftover } from "../../docker/client/labelled.ts";
import type { Inventory } from "../core/model.ts";
import type { Clock } from "../core/ports.ts";
import { count } from "../core/units.ts";
import { sweepUntilQuiet } from "../run/sweep.ts";

/** `run 2026…: 12 containers, 4 networks` */
export const describeLeftover = ({ run, inventory }: Leftover): string =>
  `run ${run}: ${count(inventory.containers.length, "container")}, ` +
  count(inventory.networks.length, "network");

/** Everything of several runs together. */
const together = (found: readonly Leftover[]): Inventory => ({
  containers: found.flatMap(({ inventory }) => inventory.containers),
  networks: found.flatMap(({ inventory }) => inventory.networks),
  volumes: [],
});

/**
 * Removes what the chosen runs left on an engine, and what their last requests still bring into being.
 *
 * @returns what could not be removed, in words
 * @throws StressError("engine-lost") when the daemon does not answer
 */
export const removeLeftovers = async (
  docker: Dockerode,
  options: {
    readonly chosen: (leftover: Leftover) => boolean;
    readonly say: (line: string) => void;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> => {
  const { chosen, say, clock, signal } = options;
  const find = async (): Promise<readonly Leftover[]> =>
    (await leftovers(docker, signal)).filter(chosen);
  let found = await find();
  if (found.length === 0) return [];
  for (const leftover of found) say(`removing what is left of ${describeLeftover(leftover)}`);
  return await sweepUntilQuiet({
    clock,
    look: async () => {
      found = await find();
      return together(found);
    },
    remove: async () => {
      const stuck: string[] = [];
      for (const { run, owner, inventory: what } of found) {
        stuck.push(...(await removeAll(docker, { run, owner, what }, signal)));
      }
      return stuck;
    },
    signal,
  });
};
