import { randomBytes } from "node:crypto";
import { resolveImageSet } from "../../../docker/images/image-set.ts";
import { SCENARIOS } from "../../../scenarios/catalogue.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { judge } from "../../core/judge.ts";
import type { ImageSet } from "../../core/model.ts";
import type { PlanRequest } from "../../core/plan-request.ts";
import { plan } from "../../core/plan.ts";
import type { Summary } from "../../core/summary.ts";
import { seconds } from "../../core/units.ts";
import { CleanupStack } from "../../run/cleanup.ts";
import type { RunOptions } from "../run-options.ts";
import { KEPT, ownerToken } from "../owner.ts";
import { resolvedCommand } from "../resolved-command.ts";
import type { Shell } from "../shell.ts";
import { printPlan } from "../print-plan.ts";
import { publish } from "../publish.ts";
import { readDaemonJson } from "../daemon-json.ts";
import { recordRun } from "../record-run.ts";
import { newRunId } from "../run-directory.ts";
import { refuseTrouble } from "../trouble.ts";

/** Jobs torn down at once: enough to keep two cores busy, too few to be a burst of its own. */
const TEARDOWN_CONCURRENCY = 4;

/** For removing everything one wave made; a daemon under load takes about a second for each job. */
const TEARDOWN_DEADLINE = seconds(600);

/** Plan and journal of a run are in memory: about 20 kB a job. */
const MOST_JOBS = 50_000;

const requestOf = (options: RunOptions, images: ImageSet, run: string): PlanRequest => {
  const scenario = Object.hasOwn(SCENARIOS, options.scenario)
    ? SCENARIOS[options.scenario]
    : undefined;
  if (scenario === undefined) {
    const known = Object.keys(SCENARIOS).join(", ");
    throw new StressError("usage", `--scenario "${options.scenario}" is not one of ${known}`);
  }
  const perMode = options.ns.reduce((sum, n) => sum + n, 0);
  const jobs = perMode * options.waves * options.modes.length;
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
    ns: options.ns,
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

const exitCodeOf = (summary: Summary, shell: Shell): number => {
  if (summary.ended === "interrupted") return shell.interruptedBy() ?? EXIT.unknown;
  if (summary.ended === "engine-lost" || summary.ended === "trouble-failed") {
    return EXIT.environment;
  }
  return EXIT[summary.verdict];
};

/** Everything that can be refused without touching an engine is refused here. */
const layOut = (options: RunOptions, run: string) => {
  if (options.keepFailed && options.engine.kind !== "auto") {
    throw new StressError(
      "usage",
      "--keep-failed: this engine goes when the run ends; use one that stays: stress engine up, then --host",
    );
  }
  refuseTrouble(options.nemeses, options);
  const ownEngine = options.engine.kind !== "auto";
  const set = resolveImageSet(options.images ?? (ownEngine ? "debian" : "hub"));
  const request = requestOf(options, set, run);
  return { set, daemonJson: readDaemonJson(options.daemonJson), request, laidOut: plan(request) };
};

/** `stress run`: plan, perform, judge, report. @returns the exit code */
export const runCommand = async (options: RunOptions, shell: Shell): Promise<number> => {
  const { say } = shell;
  const run = newRunId(new Date(), randomBytes(2).toString("hex"));
  const { set, daemonJson, request, laidOut } = layOut(options, run);
  if (options.dryRun) {
    printPlan(laidOut, { json: options.json, print: shell.print });
    return EXIT.holds;
  }
  await using cleanup = new CleanupStack();
  const { engine, sharedEngine, out, nemeses } = options;
  const command = resolvedCommand(options, laidOut.seed);
  const recorded = await recordRun(
    { request, plan: laidOut, set, daemonJson, command, engine, sharedEngine, out, nemeses },
    shell,
    cleanup,
  );
  // Whatever went wrong in it, what ran so far is reported first.
  const failures = [...recorded.failures];
  const summary = judge(recorded.events);
  try {
    publish(summary, { directory: recorded.directory, json: options.json, shell });
  } catch (error) {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  }
  if (options.keepFailed) say(`what failed was kept; to remove it: stress clean ${run}`);
  const [first, ...others] = failures;
  for (const other of others) say(other.message);
  if (first !== undefined) throw first;
  return exitCodeOf(summary, shell);
};
