import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { inventoryOf, removeAll, strangers } from "../../../docker/client/labelled.ts";
import type { ResolvedImageSet } from "../../../docker/images/image-source.ts";
import { ensureImages, resolveImageSet } from "../../../docker/images/image-set.ts";
import { SCENARIOS } from "../../../scenarios/catalogue.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { judge } from "../../core/judge.ts";
import type { ImageSet, Plan } from "../../core/model.ts";
import { plan, type PlanRequest } from "../../core/plan.ts";
import type { Summary } from "../../core/summary.ts";
import { count, seconds } from "../../core/units.ts";
import { CleanupStack } from "../../run/cleanup.ts";
import { processorMeter, systemClock } from "../../run/clock.ts";
import { withDeadline } from "../../run/deadline.ts";
import { openJournal } from "../../run/journal.ts";
import { performRun } from "../../run/run.ts";
import { toolVersion, type RunOptions } from "../command-line.ts";
import { openEngine, runtimeOf, type EngineSession } from "../engine-session.ts";
import { removeLeftovers } from "../leftovers.ts";
import { isOwnerGone, KEPT, ownerToken } from "../owner.ts";
import { resolvedCommand } from "../resolved-command.ts";
import type { Shell } from "../shell.ts";
import { printPlan } from "../print-plan.ts";
import { publish } from "../publish.ts";
import { readDaemonJson } from "../daemon-json.ts";
import {
  createRunDirectory,
  JOURNAL_FILE,
  newRunId,
  pointLatest,
  removeIfEmpty,
} from "../run-directory.ts";

/** Jobs torn down at once: enough to keep two cores busy, too few to be a burst of its own. */
const TEARDOWN_CONCURRENCY = 4;

/** For removing everything one wave made; a daemon under load takes about a second for each job. */
const TEARDOWN_DEADLINE = seconds(600);

/** Plan and journal of a run are in memory: about 20 kB a job. */
const MOST_JOBS = 50_000;

/** For the sweep after a run, which normally finds nothing. */
const SWEEP_MS = 120_000;

const requestOf = (options: RunOptions, images: ImageSet, run: string): PlanRequest => {
  const scenario = Object.hasOwn(SCENARIOS, options.scenario)
    ? SCENARIOS[options.scenario]
    : undefined;
  if (scenario === undefined) {
    const known = Object.keys(SCENARIOS).join(", ");
    throw new StressError("usage", `--scenario "${options.scenario}" is not one of ${known}`);
  }
  const jobs = options.n * options.waves * options.modes.length;
  if (jobs > MOST_JOBS) {
    throw new StressError(
      "usage",
      `--n, --waves and --mode make ${String(jobs)} jobs; a run holds ${String(MOST_JOBS)} in memory: make several`,
    );
  }
  return {
    run,
    seed: options.seed ?? randomBytes(4).toString("hex"),
    scenario,
    services: options.services,
    modes: options.modes,
    n: options.n,
    waves: options.waves,
    ports: options.ports,
    images,
    deadlines: {
      call: options.timeout,
      ready: options.timeout,
      teardown: TEARDOWN_DEADLINE,
    },
    teardownConcurrency: TEARDOWN_CONCURRENCY,
    keepFailed: options.keepFailed,
    owner: options.keepFailed ? KEPT : ownerToken(),
  };
};

/** Refuses other people's engines, and finishes the cleanup of runs that died. */
const prepareEngine = async (
  session: EngineSession,
  { sharedEngine }: RunOptions,
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
  { set, laidOut, shell }: { set: ResolvedImageSet; laidOut: Plan; shell: Shell },
) => {
  const operations = laidOut.waves.flatMap(({ jobs }) =>
    jobs.flatMap(({ phases }) => phases.flat()),
  );
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

const exitCodeOf = (summary: Summary, shell: Shell): number => {
  if (summary.ended === "interrupted") return shell.interruptedBy() ?? EXIT.unknown;
  if (summary.ended === "engine-lost") return EXIT.environment;
  return EXIT[summary.verdict];
};

/** What an engine of one's own is asked outside any wave has this long to be answered. */
const QUESTION_DEADLINE = seconds(120);

const answered = <Result>(
  signal: AbortSignal,
  ask: (bounded: AbortSignal) => Promise<Result>,
): Promise<Result> =>
  withDeadline({ clock: systemClock(), duration: QUESTION_DEADLINE, outer: signal }, ask);

/** Everything that can be refused without touching an engine is refused here. */
const layOut = (options: RunOptions, run: string) => {
  if (options.keepFailed && options.engine.kind !== "auto") {
    throw new StressError(
      "usage",
      "--keep-failed: this engine goes when the run ends; use one that stays: stress engine up, then --host",
    );
  }
  const ownEngine = options.engine.kind !== "auto";
  const set = resolveImageSet(options.images ?? (ownEngine ? "debian" : "hub"));
  return {
    set,
    daemonJson: readDaemonJson(options.daemonJson),
    laidOut: plan(requestOf(options, set, run)),
  };
};

/** `stress run`: plan, perform, judge, report. @returns the exit code */
export const runCommand = async (options: RunOptions, shell: Shell): Promise<number> => {
  const { say, signal } = shell;
  const run = newRunId(new Date(), randomBytes(2).toString("hex"));
  const { set, daemonJson, laidOut } = layOut(options, run);
  if (options.dryRun) {
    printPlan(laidOut, { json: options.json, print: shell.print });
    return EXIT.holds;
  }
  const directory = createRunDirectory(options.out, run);

  await using cleanup = new CleanupStack();
  // A run that never began leaves no directory, and `latest` stays with the last one that did.
  cleanup.defer(() => {
    removeIfEmpty(directory);
  });
  const session = await openEngine(
    options.engine,
    { stateDir: shell.stateDir, daemonJson, say, environment: shell.environment, signal },
    cleanup,
  );
  await prepareEngine(session, options, shell);
  const ids = session.simulated ? {} : await imagesOn(session, { set, laidOut, shell });
  const startedAt = new Date();
  const clock = systemClock();
  const runtime = await runtimeOf(session, {
    clock,
    images: ids,
    readyDeadline: laidOut.deadlines.ready,
    shared: options.sharedEngine,
  });
  const engine = await answered(signal, (bounded) => runtime.describe(bounded));
  say(
    `run ${run}, seed ${laidOut.seed}: ${count(laidOut.waves.length, "wave")} on Engine ${engine.version}` +
      `${engine.rootless ? ", rootless" : ""}, journal in ${directory}`,
  );

  const failures: Error[] = [];
  const failed = (error: unknown): void => {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  };
  const journal = openJournal({
    path: join(directory, JOURNAL_FILE),
    onFailure: (error) => {
      failures.push(error);
      shell.cancel(error);
    },
    onEvent: shell.narrator.follow,
  });
  pointLatest(options.out, run);
  cleanup.defer(() => {
    journal.close();
  });
  cleanup.defer(() => sweepUnlessKept(laidOut, session));
  const header = {
    tool: toolVersion(),
    command: resolvedCommand(options, laidOut.seed),
    startedAt: startedAt.toISOString(),
    engine,
  };
  const edges = { clock, runtime, journal, processor: processorMeter, signal };
  // Whatever goes wrong from here on, what ran so far is reported first.
  await performRun(laidOut, header, edges).catch(failed);
  const summary = judge(journal.events);
  try {
    publish(summary, { directory, json: options.json, shell });
  } catch (error) {
    failed(error);
  }
  if (options.keepFailed) say(`what failed was kept; to remove it: stress clean ${run}`);
  const [first, ...others] = failures;
  for (const other of others) say(other.message);
  if (first !== undefined) throw first;
  return exitCodeOf(summary, shell);
};
