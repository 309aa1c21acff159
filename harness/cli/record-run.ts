/**
 * Performs a run that is laid out, on the engine that was chosen, and keeps its journal.
 */
import { join } from "node:path";
import { inventoryOf, removeAll, strangers } from "../../docker/client/labelled.ts";
import type { ResolvedImageSet } from "../../docker/images/image-source.ts";
import { ensureImages } from "../../docker/images/image-set.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { StressError } from "../core/errors.ts";
import type { Event } from "../core/events.ts";
import type { Plan, WavePlan } from "../core/model.ts";
import type { Nemesis } from "../core/nemesis.ts";
import type { PlanRequest } from "../core/plan-request.ts";
import { count, seconds } from "../core/units.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import { processorMeter, systemClock } from "../run/clock.ts";
import { withDeadline } from "../run/deadline.ts";
import { openJournal } from "../run/journal.ts";
import { performRun } from "../run/run.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { openEngine, runtimeOf, type EngineSession } from "./engine-session.ts";
import { removeLeftovers } from "./leftovers.ts";
import { isOwnerGone, ownerToken } from "./owner.ts";
import { createRunDirectory, JOURNAL_FILE, pointLatest, removeIfEmpty } from "./run-directory.ts";
import type { Shell } from "./shell.ts";
import { openTrouble } from "./trouble.ts";
import { toolVersion } from "./version.ts";

/** For the sweep after a run, which normally finds nothing. */
const SWEEP_MS = 120_000;

/** What an engine of one's own is asked outside any wave has this long to be answered. */
const QUESTION_DEADLINE = seconds(120);

/** Everything that was decided before an engine is touched. */
export interface LaidOutRun {
  readonly request: PlanRequest;
  readonly plan: Plan;
  readonly set: ResolvedImageSet;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  readonly daemonJson: DaemonJson | null;
  /** The arguments that ask for the same again. */
  readonly command: readonly string[];
  /** Where runs are kept. */
  readonly out: string;
  /** Trouble on purpose; empty for an ordinary run. */
  readonly nemeses: readonly Nemesis[];
  /** Those of one wave; absent: all of them in every wave. */
  readonly nemesesOf?: (wave: WavePlan) => readonly Nemesis[];
}

export interface RecordedRun {
  /** Where its journal is, and its reports belong. */
  readonly directory: string;
  readonly events: readonly Event[];
  /** What went wrong with the run itself, in the order in which it did; what ran so far is in the events. */
  readonly failures: readonly Error[];
}

const answered = <Result>(
  signal: AbortSignal,
  ask: (bounded: AbortSignal) => Promise<Result>,
): Promise<Result> =>
  withDeadline({ clock: systemClock(), duration: QUESTION_DEADLINE, outer: signal }, ask);

/** Refuses other people's engines, and finishes the cleanup of runs that died. */
const prepareEngine = async (
  session: EngineSession,
  { sharedEngine }: LaidOutRun,
  { say, signal }: Shell,
): Promise<void> => {
  const others =
    session.own || sharedEngine
      ? []
      : await answered(signal, (bounded) => strangers(session.docker, bounded));
  if (others.length > 0) {
    throw new StressError(
      "environment",
      `this engine runs ${count(others.length, "container")} of other people (${others.slice(0, 3).join(", ")}` +
        `${others.length > 3 ? ", …" : ""}); add --shared-engine to use it all the same`,
    );
  }
  const stuck = await answered(signal, (bounded) =>
    removeLeftovers(session.docker, {
      chosen: ({ owner }) => isOwnerGone(owner),
      say,
      signal: bounded,
    }),
  );
  for (const words of stuck) say(`could not remove ${words}`);
};

/** Has the engine get the images that the plan uses, and no others; their ids by reference. */
const imagesOn = async (
  session: EngineSession,
  { set, plan }: LaidOutRun,
  shell: Shell,
): Promise<Readonly<Record<string, string>>> => {
  if (session.simulated) return {};
  const operations = plan.waves.flatMap(({ jobs }) => jobs.flatMap(({ phases }) => phases.flat()));
  const used = new Set(
    operations.flatMap((each) => (each.kind === "container.create" ? each.spec.image : [])),
  );
  const images = Object.fromEntries(
    Object.entries(set.images).filter(([, { reference }]) => used.has(reference)),
  );
  const { docker } = session;
  const { stateDir, say, signal } = shell;
  const ensured = await ensureImages({
    set: { ...set, images },
    docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  return ensured.ids;
};

/** What a run that broke off in its middle would leave; after an orderly end there is nothing to find. */
const sweepUnlessKept = async (
  { run, keepFailed }: Plan,
  { docker }: EngineSession,
): Promise<void> => {
  if (keepFailed) return;
  const signal = AbortSignal.timeout(SWEEP_MS);
  try {
    await removeAll(docker, await inventoryOf(docker, run, signal), signal);
  } catch (error) {
    // A lost engine was reported already, and its leftovers go with it or to `stress clean`.
    if (!(error instanceof StressError)) throw error;
  }
};

/**
 * @param cleanup - what the run leaves to be undone, the engine included, when its journal has been reported
 * @throws StressError for what keeps it from beginning
 */
export const recordRun = async (
  laidOut: LaidOutRun,
  shell: Shell,
  cleanup: CleanupStack,
): Promise<RecordedRun> => {
  const { say, signal } = shell;
  const { request, plan, engine: choice, sharedEngine, daemonJson, command, out } = laidOut;
  const directory = createRunDirectory(out, plan.run);
  // A run that never began leaves no directory, and `latest` stays with the last one that did.
  cleanup.defer(() => {
    removeIfEmpty(directory);
  });
  const session = await openEngine(
    choice,
    { stateDir: shell.stateDir, daemonJson, say, environment: shell.environment, signal },
    cleanup,
  );
  await prepareEngine(session, laidOut, shell);
  const images = await imagesOn(session, laidOut, shell);
  const { run, seed } = plan;
  const trouble = await openTrouble(
    {
      ...{ session, engine: choice, run, seed, owner: request.owner, nemeses: laidOut.nemeses },
      ...(laidOut.nemesesOf === undefined ? {} : { nemesesOf: laidOut.nemesesOf }),
    },
    shell,
    cleanup,
  );
  const startedAt = new Date().toISOString();
  const clock = systemClock();
  const runtime = await runtimeOf(session, {
    clock,
    images,
    readyDeadline: plan.deadlines.ready,
    shared: sharedEngine,
    runDirectory: directory,
  });
  const engine = await answered(signal, (bounded) => runtime.describe(bounded));
  say(
    `run ${run}, seed ${seed}: ${count(plan.waves.length, "wave")} on Engine ${engine.version}` +
      `${engine.rootless ? ", rootless" : ""}, journal in ${directory}`,
  );

  const failures: Error[] = [];
  const journal = openJournal({
    path: join(directory, JOURNAL_FILE),
    onFailure: (error) => {
      failures.push(error);
      shell.cancel(error);
    },
    onEvent: shell.narrator.follow,
  });
  pointLatest(out, run);
  cleanup.defer(() => {
    journal.close();
  });
  cleanup.defer(() => sweepUnlessKept(plan, session));
  const header = { tool: toolVersion(), command, request, startedAt, engine };
  const edges = { clock, runtime, journal, processor: processorMeter, trouble, signal };
  await performRun(plan, header, edges).catch((error: unknown) => {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  });
  return { directory, events: journal.events, failures };
};
