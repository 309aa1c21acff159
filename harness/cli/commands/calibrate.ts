import { randomBytes } from "node:crypto";
import { resolveImageSet } from "../../../docker/images/image-set.ts";
import type { DaemonJson } from "../../../docker/managed/daemon-config.ts";
import {
  calibrationJson,
  calibrationMarkdown,
  calibrationText,
} from "../../../reports/calibration.ts";
import { stacks } from "../../../scenarios/stacks.ts";
import { calibrationOf, type Calibration } from "../../core/calibration.ts";
import {
  CALIBRATED_MODES,
  calibrationSchedule,
  type CalibratedKind,
} from "../../core/calibration-schedule.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { history, type RunHistory } from "../../core/history.ts";
import { targetsOf } from "../../core/nemesis-targets.ts";
import type { PlanRequest } from "../../core/plan-request.ts";
import { plan } from "../../core/plan.ts";
import { count, seconds } from "../../core/units.ts";
import { CleanupStack } from "../../run/cleanup.ts";
import { engineWord, type EngineChoice } from "../engine-choice.ts";
import { usedPorts } from "../own-block.ts";
import { ownerToken } from "../owner.ts";
import { recordRun } from "../record-run.ts";
import { newRunId, writeReport } from "../run-directory.ts";
import type { Shell } from "../shell.ts";

export interface CalibrateOptions {
  readonly engine: EngineChoice;
  /** Null: 20 on a real engine, 1000 on the simulated one. */
  readonly faults: number | null;
  readonly kinds: readonly CalibratedKind[];
  readonly seed: string | null;
  /** Null: `debian`. */
  readonly images: string | null;
  readonly out: string;
  readonly json: boolean;
}

/** What suits an engine: how many jobs a wave has, and how long a call may take. */
interface Scale {
  readonly faults: number;
  readonly jobs: number;
  /** For a call, in seconds; the daemon is stopped for longer. */
  readonly call: number;
  readonly pause: number;
  /** Few subnets are soon exhausted; the jobs of a wave need one each, and the daemon's own network another. */
  readonly pools: string;
  /** Ports that the daemon tries where it chooses them, if its version tries again at all. */
  readonly attempts: number;
}

/** A loaded machine starts a container in three or four seconds, which must not look like a daemon that hangs. */
const REAL: Scale = {
  faults: 20,
  jobs: 6,
  call: 8,
  pause: 10,
  pools: "10.231.0.0/20",
  attempts: 10,
};
const SIMULATED: Scale = {
  faults: 1000,
  jobs: 48,
  call: 1,
  pause: 1.5,
  pools: "10.231.0.0/18",
  attempts: 1,
};

const daemonJsonOf = ({ pools }: Scale): DaemonJson => ({
  "default-address-pools": [{ base: pools, size: 24 }],
});

const requestOf = (
  { seed, images }: CalibrateOptions,
  { jobs, call }: Scale,
  { run, waves }: { readonly run: string; readonly waves: number },
): PlanRequest => ({
  run,
  seed: seed ?? randomBytes(4).toString("hex"),
  scenario: stacks,
  services: ["redis"],
  modes: CALIBRATED_MODES,
  ns: [jobs],
  waves,
  ports: "minimal",
  images: resolveImageSet(images ?? "debian"),
  deadlines: { call: seconds(call), ready: seconds(60), teardown: seconds(600) },
  teardownConcurrency: 4,
  keepFailed: false,
  owner: ownerToken(),
});

const exitCodeOf = (
  { ended }: RunHistory,
  { fates, scores, bystanders }: Calibration,
  { faults, shell }: { readonly faults: number; readonly shell: Shell },
): number => {
  if (ended === "interrupted") return shell.interruptedBy() ?? EXIT.unknown;
  if (ended === "engine-lost" || ended === "trouble-failed") return EXIT.environment;
  if (scores.wrong + scores.open + bystanders.accused > 0) return EXIT.violated;
  // Of the ports that a daemon tries one after another, only the last fails a job: the others are absorbed.
  return fates.met >= faults ? EXIT.holds : EXIT.unknown;
};

/** `stress calibrate`: injects faults whose truth is known, and scores what they are attributed to. */
export const calibrateCommand = async (
  options: CalibrateOptions,
  shell: Shell,
): Promise<number> => {
  const { engine, out } = options;
  const isSimulated = engine.kind === "fake";
  const scale = isSimulated ? SIMULATED : REAL;
  const seed = options.seed ?? randomBytes(4).toString("hex");
  const faults = options.faults ?? scale.faults;
  const { kinds } = options;
  const schedule = calibrationSchedule({
    ...{ faults, seed, kinds },
    jobs: scale.jobs,
    pauseSeconds: scale.pause,
    attempts: scale.attempts,
  });
  const run = newRunId(new Date(), randomBytes(2).toString("hex"));
  const request = requestOf({ ...options, seed }, scale, { run, waves: schedule.length });
  const heldBefore = new Map<number, ReadonlySet<number>>();
  await using cleanup = new CleanupStack();
  const recorded = await recordRun(
    {
      request,
      plan: plan(request),
      set: resolveImageSet(options.images ?? "debian"),
      engine,
      profiles: null,
      freshEngine: "never",
      until: "waves",
      sharedEngine: false,
      daemonJson: daemonJsonOf(scale),
      command: [
        ...["calibrate", "--engine", engineWord(engine)],
        ...["--faults", String(faults), "--seed", seed, "--only", kinds.join(",")],
      ],
      out,
      nemeses: schedule.flatMap((block) => Object.values(block).flat()),
      nemesesOf: async (wave) => {
        const { index, block, arm } = wave;
        if (!isSimulated) {
          const used = await usedPorts();
          heldBefore.set(index, used);
          const foreign = targetsOf(wave, seed).fixedPorts.filter((port) => used.has(port));
          if (foreign.length > 0) {
            shell.say(
              `wave ${String(index)}: something else holds ${count(foreign.length, "port")} that its jobs ask for ` +
                `(${foreign.slice(0, 3).join(", ")}${foreign.length > 3 ? ", …" : ""}): failures there are set apart`,
            );
          }
        }
        const mode = CALIBRATED_MODES.find((each) => arm.startsWith(`${each}/`));
        return mode === undefined ? [] : (schedule[block - 1]?.[mode] ?? []);
      },
    },
    shell,
    cleanup,
  );
  const [failure] = recorded.failures;
  if (failure !== undefined) throw failure;
  const told = history(recorded.events);
  const calibration = calibrationOf(told, { quiet: true, heldBefore });
  if (calibration === null) {
    const code = told.ended === "trouble-failed" ? "environment" : "engine-lost";
    throw new StressError(code, `no fault was injected: ${told.endMessage ?? told.ended}`);
  }
  const header = { run, seed, simulated: isSimulated, engine: told.started.engine.version };
  const asJson = calibrationJson(header, calibration);
  shell.print(options.json ? asJson : calibrationText(calibration, shell.paint));
  writeReport(recorded.directory, "calibration.json", asJson);
  writeReport(
    recorded.directory,
    "calibration.md",
    `${calibrationMarkdown(calibration).join("\n\n")}\n`,
  );
  shell.say(`report: ${recorded.directory}/calibration.md`);
  return exitCodeOf(told, calibration, { faults, shell });
};
