/**
 * Performs a run that is laid out, on the engines that were chosen, and keeps its journal.
 */
import { join } from "node:path";
import type { ResolvedImageSet } from "../../docker/images/image-source.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { StressError } from "../core/errors.ts";
import type { Event } from "../core/events.ts";
import { parseExpectation } from "../core/expectations/parse.ts";
import { interimLook, lookSchedule } from "../core/expectations/sequential.ts";
import { history } from "../core/history.ts";
import type { Plan, WavePlan } from "../core/model.ts";
import type { Nemesis } from "../core/nemesis.ts";
import type { PlanRequest } from "../core/plan-request.ts";
import { samplesOf } from "../core/samples.ts";
import { count } from "../core/units.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import { processorMeter, systemClock } from "../run/clock.ts";
import { openJournal } from "../run/journal.ts";
import { performRun, type RunEdges, type RunHeader } from "../run/run.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { ensureSlots, openEngines } from "./engines.ts";
import { fileLocks, prepareLocks } from "./file-lock.ts";
import type { Freshness } from "./freshness.ts";
import { withOwnBlock } from "./own-block.ts";
import type { TriedProfile } from "./profiles.ts";
import { createRunDirectory, JOURNAL_FILE, pointLatest, removeIfEmpty } from "./run-directory.ts";
import type { Shell } from "./shell.ts";
import { toolVersion } from "./version.ts";

/** Everything that was decided before an engine is started. */
export interface LaidOutRun {
  readonly request: PlanRequest;
  readonly plan: Plan;
  readonly set: ResolvedImageSet;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  /** Of the one engine of a run without profiles. */
  readonly daemonJson: DaemonJson | null;
  /** Those that were asked for; null: one engine and no profile. */
  readonly profiles: readonly TriedProfile[] | null;
  readonly freshEngine: Freshness;
  /** What the verdict goes by; absent: by each failure. */
  readonly expected?: RunHeader["expected"];
  /** Whether the run ends when everything is decided. */
  readonly until: "waves" | "verdict";
  /** The arguments that ask for the same again. */
  readonly command: readonly string[];
  /** Where runs are kept. */
  readonly out: string;
  /** Trouble on purpose; empty for an ordinary run. */
  readonly nemeses: readonly Nemesis[];
  /** Those of one wave; absent: all of them in every wave. */
  readonly nemesesOf?: (wave: WavePlan) => readonly Nemesis[] | Promise<readonly Nemesis[]>;
}

export interface RecordedRun {
  /** Where its journal is, and its reports belong. */
  readonly directory: string;
  readonly events: readonly Event[];
  /** What went wrong with the run itself, in the order in which it did; what ran so far is in the events. */
  readonly failures: readonly Error[];
}

/** Looks at the journal so far. */
const interimOf = (
  { request, expected }: LaidOutRun,
  journal: { readonly events: readonly Event[] },
): NonNullable<RunEdges["interim"]> => {
  const schedule = lookSchedule(request.waves);
  const expectations = (expected?.expectations ?? []).map(parseExpectation);
  return (block) => {
    const run = history(journal.events);
    return interimLook({
      schedule,
      block,
      expectations,
      samples: samplesOf(run),
      baseline: expected?.baseline?.samples ?? null,
      before: run.interims.at(-1) ?? null,
    });
  };
};

/**
 * @param cleanup - what the run leaves to be undone, the engines included, when its journal has been reported
 * @throws StressError for what keeps it from beginning
 */
export const recordRun = async (
  asked: LaidOutRun,
  shell: Shell,
  cleanup: CleanupStack,
): Promise<RecordedRun> => {
  const { say, signal } = shell;
  const laidOut = await withOwnBlock(asked, shell, cleanup);
  const { request, plan, profiles, command, out } = laidOut;
  const { run, seed, waves } = plan;
  prepareLocks(plan.arms);
  const directory = createRunDirectory(out, run);
  // A run that never began leaves no directory, and `latest` stays with the last one that did.
  cleanup.defer(() => {
    removeIfEmpty(directory);
  });
  const startedAt = new Date().toISOString();
  const clock = systemClock();
  const engines = openEngines({ laidOut, runDirectory: directory, clock }, shell, cleanup);
  const [first] = waves;
  if (first === undefined) throw new StressError("usage", "nothing to do: there is no arm");
  await ensureSlots(laidOut, shell);
  await engines.of(first, signal);
  say(`run ${run}, seed ${seed}: ${count(waves.length, "wave")}, journal in ${directory}`);

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
  const header = {
    tool: toolVersion(),
    command,
    request,
    startedAt,
    profiles: profiles?.map(({ profile, skipped }) => ({ profile, skipped })) ?? null,
    daemonJson: laidOut.daemonJson,
    ...(laidOut.expected === undefined ? {} : { expected: laidOut.expected }),
  };
  const edges: RunEdges = {
    ...{ clock, engines, journal, processor: processorMeter, locks: fileLocks, signal },
    ...(laidOut.until === "waves" ? {} : { interim: interimOf(laidOut, journal) }),
  };
  await performRun(plan, header, edges).catch((error: unknown) => {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  });
  return { directory, events: journal.events, failures };
};
