/**
 * Trouble on purpose, as it was asked for on the command line: refused where it would hit others, and made ready
 * where it is allowed.
 */
import { fakeArsenal } from "../../docker/fake/arsenal.ts";
import { startManagedEngine } from "../../docker/managed/engine.ts";
import { realArsenal } from "../../docker/nemesis/real-arsenal.ts";
import type { Arsenal } from "../../docker/nemesis/trouble.ts";
import { createTroublemaker } from "../../docker/nemesis/troublemaker.ts";
import { StressError } from "../core/errors.ts";
import type { Mode, WavePlan } from "../core/model.ts";
import { MODE_RULES } from "../core/modes.ts";
import { formatNemesis, type Nemesis } from "../core/nemesis.ts";
import type { Troublemaker } from "../core/ports.ts";
import { seconds } from "../core/units.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import { systemClock } from "../run/clock.ts";
import { withDeadline } from "../run/deadline.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { programsAtHand } from "./engine-programs.ts";
import type { EngineSession } from "./engine-session.ts";
import type { Shell } from "./shell.ts";

/**
 * Stopping a daemon, or running another one beside it, is for engines that nobody else uses. So is a forward, which
 * nothing marks as ours: where this process is killed, only the engine's end removes it.
 */
const NEEDS_OWN_ENGINE: ReadonlySet<Nemesis["kind"]> = new Set([
  "second-engine",
  "slow-daemon",
  "kill-daemon",
]);

const needsOwnEngine = (nemesis: Nemesis): boolean =>
  NEEDS_OWN_ENGINE.has(nemesis.kind) || (nemesis.kind === "occupy" && nemesis.by === "forward");

const TAKES_PORTS: ReadonlySet<Nemesis["kind"]> = new Set(["occupy", "second-engine"]);

/** @throws StressError("usage") for trouble that cannot be had, or that would be other people's */
export const refuseTrouble = (
  nemeses: readonly Nemesis[],
  {
    engine,
    sharedEngine,
    modes,
  }: { engine: EngineChoice; sharedEngine: boolean; modes: readonly Mode[] },
): void => {
  const publishes = modes.some((mode) => MODE_RULES[mode].publish !== null);
  for (const nemesis of nemeses) {
    const { kind } = nemesis;
    if (engine.kind === "auto" && needsOwnEngine(nemesis)) {
      throw new StressError(
        "usage",
        `--nemesis ${kind === "occupy" ? formatNemesis(nemesis) : kind} is for an engine of our own: add --engine managed`,
      );
    }
    if (sharedEngine && kind === "exhaust-subnets") {
      throw new StressError(
        "usage",
        "--nemesis exhaust-subnets takes networks from everybody; it does not go with --shared-engine",
      );
    }
    if (!publishes && TAKES_PORTS.has(kind)) {
      throw new StressError(
        "usage",
        `--nemesis ${kind} takes ports, and --mode ${modes.join(",")} publishes none`,
      );
    }
  }
};

/** How long one call, or one port, of a strike may take. */
const STEP_DEADLINE = seconds(30);

export interface TroubleRequest {
  readonly session: EngineSession;
  readonly engine: EngineChoice;
  readonly run: string;
  readonly owner: string;
  readonly seed: string;
  /** All that may be asked for. */
  readonly nemeses: readonly Nemesis[];
  /** Those of one wave; absent: all of them in every wave. */
  readonly nemesesOf?: (wave: WavePlan) => readonly Nemesis[] | Promise<readonly Nemesis[]>;
}

/** A throw-away engine beside the one under test; the path of its daemon's socket. */
const startSecondEngine = async (
  engine: EngineChoice,
  { stateDir, say, signal }: Pick<Shell, "stateDir" | "say" | "signal">,
  cleanup: CleanupStack,
): Promise<string> => {
  const directory = await programsAtHand(engine, { stateDir, say, signal });
  const options = { directory, daemonJson: null, stateDir, narrate: say, signal };
  const second = await startManagedEngine(options);
  cleanup.defer(() => second.stop());
  return second.socketPath;
};

const arsenalOf = async (
  { session, engine, nemeses, run, owner }: TroubleRequest,
  shell: Pick<Shell, "stateDir" | "say" | "signal">,
  cleanup: CleanupStack,
): Promise<Arsenal> => {
  const { docker, address, own, simulated, enginePortRange } = session;
  const socketPath = address.target.kind === "socket" ? address.target.path : null;
  if (simulated && socketPath !== null) return fakeArsenal(docker, socketPath);
  const wantsSecond = nemeses.some(({ kind }) => kind === "second-engine");
  return realArsenal({
    docker,
    socketPath,
    own,
    portRange: enginePortRange,
    marks: { run, owner },
    secondEngine: wantsSecond ? await startSecondEngine(engine, shell, cleanup) : null,
  });
};

/**
 * Makes trouble ready; what it takes to end it altogether is deferred to `cleanup`. Null where none is asked for.
 *
 * @throws StressError("environment") when the second engine does not start
 */
export const openTrouble = async (
  request: TroubleRequest,
  shell: Pick<Shell, "stateDir" | "say" | "signal">,
  cleanup: CleanupStack,
): Promise<Troublemaker | null> => {
  const { nemeses, run, owner, seed, nemesesOf = () => nemeses } = request;
  if (nemeses.length === 0) return null;
  const arsenal = await arsenalOf(request, shell, cleanup);
  const troublemaker = createTroublemaker({
    ...{ arsenal, run, owner, seed, nemesesOf },
    bounded: (outer, body) =>
      withDeadline({ clock: systemClock(), duration: STEP_DEADLINE, outer }, body),
  });
  cleanup.defer(() => troublemaker.lift());
  return troublemaker;
};
