/**
 * The engines of a run: one, or one a profile; started when their first wave comes, and afresh as often as was
 * asked for.
 */
import { isAlive } from "../../docker/client/alive.ts";
import { inventoryOf, removeAll, strangers } from "../../docker/client/labelled.ts";
import { readCapacity } from "../../docker/evidence/capacity.ts";
import { bindsElsewhere, engineUnder } from "../../docker/evidence/engine-under.ts";
import { ensureImages } from "../../docker/images/image-set.ts";
import { freeSlots, sweepDeadEngines } from "../../docker/managed/engine.ts";
import { SLOTS } from "../../docker/managed/slot.ts";
import { exhaustion } from "../core/capacity.ts";
import { messageOf, StressError } from "../core/errors.ts";
import type { Plan, WavePlan } from "../core/model.ts";
import type { Clock, Engines, ReadyEngine } from "../core/ports.ts";
import { MODE_RULES } from "../core/modes.ts";
import { count, type Millis } from "../core/units.ts";
import { isEngineAlive, removeWhileAlive } from "../run/alive.ts";
import { CleanupStack } from "../run/cleanup.ts";
import { systemClock } from "../run/clock.ts";
import { withDeadline } from "../run/deadline.ts";
import { openEngine, runtimeOf, socketPathOf, type EngineSession } from "./engine-session.ts";
import type { Freshness } from "./freshness.ts";
import { instrumentsFor } from "./instruments.ts";
import { narrated } from "./heartbeat.ts";
import { removeLeftovers } from "./leftovers.ts";
import { isOwnerGone, ownerToken } from "./owner.ts";
import type { TriedProfile } from "./profiles.ts";
import type { LaidOutRun } from "./record-run.ts";
import { processesFor } from "./runner-programs.ts";
import type { Shell } from "./shell.ts";
import { openTrouble } from "./trouble.ts";

/** What an engine is asked, or does, outside any wave has this long. */
const within = <Result>(
  duration: Millis,
  outer: AbortSignal,
  ask: (bounded: AbortSignal) => Promise<Result>,
): Promise<Result> => withDeadline({ clock: systemClock(), duration, outer }, ask);

/** Refuses other people's engines, and finishes the cleanup of runs that died. */
const prepareEngine = async (
  session: EngineSession,
  { sharedEngine, plan: { deadlines } }: LaidOutRun,
  { say, signal }: Shell,
): Promise<void> => {
  const others =
    session.own || sharedEngine
      ? []
      : await within(deadlines.call, signal, (bounded) => strangers(session.docker, bounded));
  if (others.length > 0) {
    throw new StressError(
      "environment",
      `this engine runs ${count(others.length, "container")} of other people (${others.slice(0, 3).join(", ")}` +
        `${others.length > 3 ? ", …" : ""}); add --shared-engine to use it all the same`,
    );
  }
  const stuck = await removeLeftovers(session.docker, {
    chosen: ({ owner }) => isOwnerGone(owner),
    deadlines,
    say,
    clock: systemClock(),
    signal,
  });
  for (const words of stuck) say(`could not remove ${words}`);
};

/** Jobs that publish are probed from this process's own network namespace. */
const refuseOutOfReach = async (
  { address }: EngineSession,
  { plan, request }: LaidOutRun,
): Promise<void> => {
  const publishes = plan.arms.some(({ mode }) => MODE_RULES[mode].publish !== null);
  if (request.scenario.kind !== "stacks" || !publishes) return;
  const pid = bindsElsewhere(await engineUnder(socketPathOf(address)));
  if (pid === null) return;
  throw new StressError(
    "environment",
    `this engine publishes its ports in another network namespace (of pid ${String(pid)}), which readiness cannot be probed in from here: --mode noports, or run stress inside it`,
  );
};

/** Has the engine get the images that the plan uses, and no others; their ids by reference. */
const imagesOn = async (
  session: EngineSession,
  { set, plan }: LaidOutRun,
  { stateDir, say, signal }: Shell,
): Promise<Readonly<Record<string, string>>> => {
  if (session.simulated) return {};
  const operations = plan.waves.flatMap(({ jobs }) => jobs.flatMap(({ phases }) => phases.flat()));
  const used = new Set(
    operations.flatMap((each) => {
      if (each.kind === "stack.up") return each.images;
      return each.kind === "container.create" ? each.spec.image : [];
    }),
  );
  const images = Object.fromEntries(
    Object.entries(set.images).filter(([, { reference }]) => used.has(reference)),
  );
  const ensured = await ensureImages({
    set: { ...set, images },
    docker: session.docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  return ensured.ids;
};

/**
 * Removes what a run that broke off in its middle would leave; after an orderly end there is nothing to find. An engine
 * of our own is not swept: it is taken down next.
 */
const sweepUnlessKept = async (
  { run, keepFailed, deadlines }: Plan,
  { docker, own }: EngineSession,
  { say }: Pick<Shell, "say">,
): Promise<void> => {
  if (keepFailed || own) return;
  const clock = systemClock();
  const alive = (signal: AbortSignal): Promise<boolean> => isAlive(docker, signal);
  const outer = new AbortController().signal;
  const left = `to remove what is left on it later: stress clean ${run}`;
  try {
    if (!(await isEngineAlive({ clock, alive, call: deadlines.call }))) {
      say(`the engine does not answer; ${left}`);
      return;
    }
    await narrated(say, "removing what the run left", () =>
      removeWhileAlive({ clock, alive, ...deadlines, outer }, async (signal) => {
        await removeAll(docker, { run, what: await inventoryOf(docker, run, signal) }, signal);
      }),
    );
  } catch (error) {
    // A lost engine was reported already.
    if (!(error instanceof StressError)) throw error;
    say(`${error.message}; ${left}`);
  }
};

/** An engine that is up, for which wave it was last asked, and how it is taken down. */
interface UpEngine {
  readonly ready: ReadyEngine;
  readonly since: WavePlan;
  readonly takeDown: () => Promise<void>;
}

const isStale = ({ since }: UpEngine, wave: WavePlan, freshness: Freshness): boolean => {
  switch (freshness) {
    case "never":
      return false;
    case "block":
      return since.block !== wave.block;
    case "wave":
      return since.index !== wave.index;
  }
};

interface EnginesRequest {
  readonly laidOut: LaidOutRun;
  readonly runDirectory: string;
  readonly clock: Clock;
}

/** How many engines of our own a run has up at once, at most. */
export const enginesNeeded = ({
  plan: { arms },
  freshEngine,
  nemeses,
}: Pick<LaidOutRun, "freshEngine" | "nemeses"> & { readonly plan: Pick<Plan, "arms"> }): number => {
  const profiles = new Set(arms.map(({ profile }) => profile ?? null));
  const second = nemeses.some(({ kind }) => kind === "second-engine") ? 1 : 0;
  return (freshEngine === "wave" ? 1 : profiles.size) + second;
};

/** @throws StressError("environment") if the run would be out of slots in its middle */
export const ensureSlots = async (laidOut: LaidOutRun, shell: Shell): Promise<void> => {
  const { kind } = laidOut.engine;
  if (kind === "auto" || kind === "fake") return;
  await sweepDeadEngines(shell);
  const [needed, free] = [enginesNeeded(laidOut), freeSlots(shell.stateDir)];
  if (needed <= free) return;
  throw new StressError(
    "environment",
    `this run has ${count(needed, "engine")} up at once, and ${count(free, "slot")} of ${String(SLOTS.length)} are free: ` +
      "stop others (stress engine list, stress engine down), or add --fresh-engine wave",
  );
};

const profileOf = ({ arms }: Plan, arm: string): string | null =>
  arms.find(({ id }) => id === arm)?.profile ?? null;

/** Starts one; what it takes to end it is in the stack. */
const bringUp = async (
  wave: WavePlan,
  tried: TriedProfile | null,
  { laidOut, runDirectory, clock }: EnginesRequest,
  shell: Shell,
  own: CleanupStack,
): Promise<ReadyEngine> => {
  const { plan, request, engine, sharedEngine, nemeses, nemesesOf } = laidOut;
  const { stateDir, say, environment, signal } = shell;
  const { deadlines } = plan;
  const daemonJson = tried === null ? laidOut.daemonJson : tried.profile.daemonJson;
  const session = await openEngine(
    engine,
    {
      stateDir,
      daemonJson,
      say,
      environment,
      signal,
      deadline: deadlines.call,
      ...(tried === null ? {} : { profile: tried }),
    },
    own,
  );
  await refuseOutOfReach(session, laidOut);
  await prepareEngine(session, laidOut, shell);
  const images = await narrated(say, "preparing images", () => imagesOn(session, laidOut, shell));
  const { run, seed } = plan;
  const { owner } = request;
  const trouble = await openTrouble(
    {
      ...{ session, engine, run, seed, owner, nemeses },
      ...(nemesesOf === undefined ? {} : { nemesesOf }),
    },
    shell,
    own,
  );
  own.defer(() => sweepUnlessKept(plan, session, shell));
  const runtime = await runtimeOf(session, {
    clock,
    images,
    readyDeadline: plan.deadlines.ready,
    shared: sharedEngine,
    runDirectory,
    ...(await processesFor(plan.arms, session, { clock, shell })),
    ...(await instrumentsFor(request.scenario, session, shell, own)),
  });
  const [facts, capacity] = await narrated(
    say,
    "asking the engine about itself",
    async () =>
      [
        await within(deadlines.call, signal, (bounded) => runtime.describe(bounded)),
        await readCapacity({
          docker: session.docker,
          address: session.address,
          daemonJson,
          deadlineMs: deadlines.call,
          signal,
        }),
      ] as const,
  );
  signal.throwIfAborted();
  const profile = tried?.profile.name ?? null;
  say(
    `${profile === null ? "" : `profile ${profile}: `}Engine ${facts.version}` +
      `${facts.rootless ? ", rootless" : ""}${facts.simulated ? ", SIMULATED" : ""}`,
  );
  const itsWaves = plan.waves.filter(({ arm }) => profileOf(plan, arm) === profile);
  const isFirst = itsWaves[0]?.index === wave.index;
  const end = capacity === null || !isFirst ? null : exhaustion(capacity, itsWaves);
  if (capacity !== null && end !== null) {
    say(
      `${count(capacity.free, "network")} fit: in wave ${String(end.wave)}, job ${String(end.job)} and all after it will be refused one`,
    );
  }
  return { runtime, trouble, profile, facts, capacity };
};

/** @param cleanup - takes down, at the run's end, whatever is up then */
export const openEngines = (
  request: EnginesRequest,
  shell: Shell,
  cleanup: CleanupStack,
): Engines => {
  const { laidOut } = request;
  const up = new Map<string | null, UpEngine>();
  const takeDownIf = async (chosen: (engine: UpEngine) => boolean): Promise<void> => {
    await using leaving = new CleanupStack();
    for (const [profile, engine] of up) {
      if (!chosen(engine)) continue;
      up.delete(profile);
      leaving.defer(engine.takeDown);
    }
  };
  cleanup.defer(() => takeDownIf(() => true));
  return {
    of: async (wave) => {
      await takeDownIf((engine) => isStale(engine, wave, laidOut.freshEngine)).catch(
        (cause: unknown) => {
          throw new StressError(
            "engine-lost",
            "an engine could not be taken down for a fresh one",
            {
              cause,
            },
          );
        },
      );
      const name = profileOf(laidOut.plan, wave.arm);
      const before = up.get(name);
      if (before !== undefined) return before.ready;
      const own = new CleanupStack();
      const takeDown = (): Promise<void> => own[Symbol.asyncDispose]();
      try {
        const tried = laidOut.profiles?.find(({ profile }) => profile.name === name) ?? null;
        const ready = await bringUp(wave, tried, request, shell, own);
        up.set(name, { ready, since: wave, takeDown });
        return ready;
      } catch (error) {
        // Why it did not start is what the user has to know; what is left of it, the next sweep finds.
        await takeDown().catch((left: unknown) => {
          shell.say(`what had been started could not be taken down: ${messageOf(left)}`);
        });
        throw error;
      }
    },
  };
};
