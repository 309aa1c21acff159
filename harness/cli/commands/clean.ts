import { leftovers, type Leftover } from "../../../docker/client/labelled.ts";
import { sweepDeadEngines } from "../../../docker/managed/engine.ts";
import { purge } from "../../../docker/managed/purge.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { seconds } from "../../core/units.ts";
import { CleanupStack } from "../../run/cleanup.ts";
import { systemClock } from "../../run/clock.ts";
import { withDeadline } from "../../run/deadline.ts";
import type { EngineChoice } from "../engine-choice.ts";
import { openEngine } from "../engine-session.ts";
import { describeLeftover, removeLeftovers } from "../leftovers.ts";
import { isOwnerGone } from "../owner.ts";
import type { Shell } from "../shell.ts";

export interface CleanOptions {
  readonly engine: EngineChoice;
  /** Null: whatever dead runs left. */
  readonly run: string | null;
  readonly purge: boolean;
}

type CleanCommand = CleanOptions;

/** A daemon under load takes about a second for what one job made. */
const DEADLINES = { call: seconds(30), teardown: seconds(600) };

/** Removes labelled objects from an engine that is already there; none there means nothing to remove. */
const cleanEngine = async ({ engine, run }: CleanCommand, shell: Shell): Promise<number> => {
  await using cleanup = new CleanupStack();
  const session = await openEngine(engine, { ...shell, daemonJson: null }, cleanup);
  const { docker } = session;
  const { signal, say } = shell;
  const chosen = (leftover: Leftover): boolean =>
    run === null ? isOwnerGone(leftover.owner) : leftover.run === run;
  const found = await withDeadline(
    { clock: systemClock(), duration: DEADLINES.call, outer: signal },
    (bounded) => leftovers(docker, bounded),
  );
  for (const leftover of found) {
    if (chosen(leftover)) continue;
    say(`left alone, its process may still run: ${describeLeftover(leftover)}`);
  }
  const stuck = await removeLeftovers(docker, {
    chosen,
    deadlines: DEADLINES,
    say,
    clock: systemClock(),
    signal,
  });
  for (const words of stuck) say(`could not remove ${words}`);
  return stuck.length;
};

/** `stress clean`: finishes the cleanup of dead runs, on the engine and on this machine. */
export const cleanCommand = async (command: CleanCommand, shell: Shell): Promise<number> => {
  await sweepDeadEngines(shell);
  let stuck = 0;
  try {
    stuck = await cleanEngine(command, shell);
  } catch (error) {
    // Without an engine there is nothing of ours on one; but an address that was named must be right.
    const named =
      command.engine.kind !== "auto" || "host" in command.engine || "context" in command.engine;
    if (named || !(error instanceof StressError) || error.code !== "environment") throw error;
    shell.say(error.message);
  }
  if (command.purge) await purge(shell.stateDir, shell.say);
  return stuck === 0 ? EXIT.holds : EXIT.violated;
};
