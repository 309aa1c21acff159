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
import { openJournal } from "../../run/journal.ts";
import { performRun } from "../../run/run.ts";
import { toolVersion, type RunOptions } from "../command-line.ts";
import { openEngine, runtimeOf, type EngineSession } from "../engine-session.ts";
import { removeLeftovers } from "../leftovers.ts";
import { isOwnerGone, ownerToken } from "../owner.ts";
import type { Shell } from "../shell.ts";
import { printPlan } from "../print-plan.ts";
import { publish } from "../publish.ts";
import { readDaemonJson } from "../daemon-json.ts";
import { createRunDirectory, JOURNAL_FILE, newRunId, pointLatest } from "../run-directory.ts";

/** Jobs torn down at once: enough to keep two cores busy, too few to be a burst of its own. */
const TEARDOWN_CONCURRENCY = 4;

/** For removing everything one wave made; a daemon under load takes about a second for each job. */
const TEARDOWN_DEADLINE = seconds(600);

/** For the sweep after a run, which normally finds nothing. */
const SWEEP_MS = 120_000;

const requestOf = (options: RunOptions, images: ImageSet, run: string): PlanRequest => {
  const scenario = SCENARIOS[options.scenario];
  if (scenario === undefined) {
    const known = Object.keys(SCENARIOS).join(", ");
    throw new StressError("usage", `--scenario "${options.scenario}" is not one of ${known}`);
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
    owner: ownerToken(),
  };
};

/** Refuses other people's engines, and finishes the cleanup of runs that died. */
const prepareEngine = async (
  session: EngineSession,
  { sharedEngine }: RunOptions,
  { say, signal }: Shell,
): Promise<void> => {
  const others = session.own || sharedEngine ? [] : await strangers(session.docker, signal);
  if (others.length > 0) {
    throw new StressError(
      "environment",
      `this engine runs ${count(others.length, "container")} of other people (${others.slice(0, 3).join(", ")}` +
        `${others.length > 3 ? ", …" : ""}); add --shared-engine to use it all the same`,
    );
  }
  const stuck = await removeLeftovers(session.docker, {
    chosen: ({ owner }) => isOwnerGone(owner),
    say,
    signal,
  });
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

/** `stress run`: plan, perform, judge, report. @returns the exit code */
export const runCommand = async (options: RunOptions, shell: Shell): Promise<number> => {
  const { say, signal } = shell;
  const ownEngine = options.engine.kind !== "auto";
  const set = resolveImageSet(options.images ?? (ownEngine ? "debian" : "hub"));
  const daemonJson = readDaemonJson(options.daemonJson);
  const now = new Date();
  const run = newRunId(now, randomBytes(2).toString("hex"));
  // Laid out before anything is started: what cannot be planned is refused here.
  const laidOut = plan(requestOf(options, set, run));
  if (options.dryRun) {
    printPlan(laidOut, { json: options.json, print: shell.print });
    return EXIT.holds;
  }
  const directory = createRunDirectory(options.out, run);
  pointLatest(options.out, run);

  await using cleanup = new CleanupStack();
  const session = await openEngine(
    options.engine,
    { stateDir: shell.stateDir, daemonJson, say, environment: shell.environment, signal },
    cleanup,
  );
  await prepareEngine(session, options, shell);
  const ids = session.simulated ? {} : await imagesOn(session, { set, laidOut, shell });
  const clock = systemClock();
  const runtime = await runtimeOf(session, {
    clock,
    images: ids,
    readyDeadline: laidOut.deadlines.ready,
  });
  const engine = await runtime.describe(signal);
  say(
    `run ${run}, seed ${laidOut.seed}: ${count(laidOut.waves.length, "wave")} on Engine ${engine.version}` +
      `${engine.rootless ? ", rootless" : ""}, journal in ${directory}`,
  );

  const failures: StressError[] = [];
  const journal = openJournal({
    path: join(directory, JOURNAL_FILE),
    onFailure: (error) => {
      failures.push(error);
      shell.cancel(error);
    },
    onEvent: shell.narrator.follow,
  });
  cleanup.defer(() => {
    journal.close();
  });
  cleanup.defer(() => sweepUnlessKept(laidOut, session));
  await performRun(
    laidOut,
    { tool: toolVersion(), command: shell.argv, startedAt: now.toISOString(), engine },
    { clock, runtime, journal, processor: processorMeter, signal: shell.signal },
  );
  const summary = judge(journal.events);
  try {
    publish(summary, { directory, json: options.json, shell });
  } catch (error) {
    if (!(error instanceof StressError)) throw error;
    failures.push(error);
  }
  // The summary is on stdout by now, which needs no disk.
  const [first, ...others] = failures;
  for (const other of others) say(other.message);
  if (first !== undefined) throw first;
  return exitCodeOf(summary, shell);
};
