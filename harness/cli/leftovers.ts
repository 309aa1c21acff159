import type Dockerode from "dockerode";
import { isAlive } from "../../docker/client/alive.ts";
import { leftovers, removeAll, type Leftover } from "../../docker/client/labelled.ts";
import type { Deadlines, Inventory } from "../core/model.ts";
import type { Clock } from "../core/ports.ts";
import { count } from "../core/units.ts";
import { removeWhileAlive } from "../run/alive.ts";
import { withDeadline } from "../run/deadline.ts";
import { sweepUntilQuiet } from "../run/sweep.ts";
import { narrated } from "./heartbeat.ts";

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
 * @param deadlines - of one question, and of all removals together
 * @returns what could not be removed, in words
 * @throws StressError("engine-lost") when the daemon does not answer
 */
export const removeLeftovers = async (
  docker: Dockerode,
  options: {
    readonly chosen: (leftover: Leftover) => boolean;
    readonly deadlines: Pick<Deadlines, "call" | "teardown">;
    readonly say: (line: string) => void;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[]> => {
  const { chosen, say, clock, signal: outer, deadlines } = options;
  const find = (signal: AbortSignal): Promise<readonly Leftover[]> =>
    withDeadline({ clock, duration: deadlines.call, outer: signal }, async (bounded) =>
      (await leftovers(docker, bounded)).filter(chosen),
    );
  let found = await find(outer);
  if (found.length === 0) return [];
  for (const leftover of found) say(`removing what is left of ${describeLeftover(leftover)}`);
  const alive = (signal: AbortSignal): Promise<boolean> => isAlive(docker, signal);
  let stuck: readonly string[] = [];
  await narrated(say, "removing what earlier runs left", () =>
    removeWhileAlive({ clock, alive, ...deadlines, outer }, async (signal) => {
      stuck = await sweepUntilQuiet({
        clock,
        look: async () => {
          found = await find(signal);
          return together(found);
        },
        remove: async () => {
          const left: string[] = [];
          for (const { run, owner, inventory: what } of found) {
            left.push(...(await removeAll(docker, { run, owner, what }, signal)));
          }
          return left;
        },
        signal,
      });
    }),
  );
  return stuck;
};
