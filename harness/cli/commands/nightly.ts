import { join, resolve } from "node:path";
import { holdUnlessHeld } from "../../../docker/managed/exclusive.ts";
import { nightJson, nightText } from "../../../reports/nightly.ts";
import { nightlyUnits } from "../../../reports/systemd-units.ts";
import { EXIT, messageOf, StressError } from "../../core/errors.ts";
import { evaluate } from "../../core/expectations/evaluate.ts";
import { needsBaseline } from "../../core/expectations/expectation.ts";
import { checkSelectors } from "../../core/expectations/selection.ts";
import { history } from "../../core/history.ts";
import { lastNights, unfit } from "../../core/nightly/baseline.ts";
import type { NightlyConfig } from "../../core/nightly/config.ts";
import { nightVerdict, type Night, type Regression } from "../../core/nightly/night.ts";
import { nightReasons } from "../../core/nightly/reasons.ts";
import {
  confirmed,
  isUntold,
  isWorse,
  pooled,
  regressions,
  type ArmRegression,
} from "../../core/nightly/regression.ts";
import type { RunRecord } from "../../core/run-record.ts";
import { samplesOf } from "../../core/samples.ts";
import { count } from "../../core/units.ts";
import type { ArmSamples } from "../../core/wave-sample.ts";
import { readJournal } from "../../run/journal.ts";
import { layOut } from "../lay-out.ts";
import { readNightlyFile, type NightlyFile } from "../nightly/config-file.ts";
import { keepNight, regressedRuns, removeOldNights } from "../nightly/kept-nights.ts";
import { checkOutputs, writeOutputs, type Outputs } from "../outputs.ts";
import { performedRun, type PerformedRun } from "../perform.ts";
import { JOURNAL_FILE } from "../run-directory.ts";
import { indexedRuns } from "../run-index.ts";
import type { RunOptions } from "../run-options.ts";
import type { Shell } from "../shell.ts";

export interface NightlyOptions {
  /** The file that says what a night is. */
  readonly config: string;
  readonly json: boolean;
  /** Null: tonight is now. */
  readonly units: {
    readonly calendar: string;
    readonly user: string | null;
    readonly hours: number;
  } | null;
}

const printUnits = (
  units: NonNullable<NightlyOptions["units"]>,
  config: string,
  { print, stateDir }: Pick<Shell, "print" | "stateDir">,
): void => {
  const { service, timer } = nightlyUnits({
    command: [
      process.execPath,
      ...[resolve(process.argv[1] ?? ""), "nightly", "--config", resolve(config)],
      // The lock and the engines are there: who runs the unit may have another by default.
      ...["--state-dir", stateDir],
    ],
    directory: process.cwd(),
    ...units,
  });
  const at = (name: string): string => `# /etc/systemd/system/stress-nightly.${name}\n`;
  print(`${at("service")}${service}\n${at("timer")}${timer}`);
};

const outputsOf = ({ outputs }: NightlyConfig): Outputs => ({
  junit: outputs.junit ?? null,
  openmetrics: outputs.openmetrics ?? null,
  benchmarkJson: outputs["benchmark-json"] ?? null,
  github: outputs.github ?? null,
});

/** A night's own: the order of the waves is another one every night, and the same for everybody who asks again. */
const seedOf = ({ seed }: NightlyConfig): string =>
  seed === "date" ? new Date().toISOString().slice(0, 10) : seed;

/** What a night leaves for other programs is written once, at its end. */
const NO_OUTPUTS: Outputs = { junit: null, openmetrics: null, benchmarkJson: null, github: false };

/** Expectations that compare with the nights before are judged here, when it is known which those are. */
const runOptionsOf = ({ run }: NightlyFile, seed: string): RunOptions => ({
  ...run,
  expectations: run.expectations.filter((each) => !needsBaseline(each)),
  baseline: null,
  seed,
  outputs: NO_OUTPUTS,
});

interface Baseline {
  readonly records: readonly RunRecord[];
  readonly samples: readonly ArmSamples[];
  /** Why the run that was chosen is none. */
  readonly unfit: string | null;
}

/** What the runs can be compared with; one whose journal cannot be read any more is named and left out. */
const readBaseline = (
  out: string,
  records: readonly RunRecord[],
  say: (line: string) => void,
): Pick<Baseline, "records" | "samples"> => {
  const read = records.flatMap((record) => {
    try {
      const run = history(readJournal(join(resolve(out), record.directory, JOURNAL_FILE)));
      return [{ record, samples: samplesOf(run) }];
    } catch (error) {
      say(`run ${record.run} is left out of the baseline: ${messageOf(error)}`);
      return [];
    }
  });
  return {
    records: read.map(({ record }) => record),
    samples: pooled(read.map(({ samples }) => samples)),
  };
};

const chosenRun = (
  records: readonly RunRecord[],
  { baseline }: NightlyConfig,
): RunRecord | null => {
  if (!("run" in baseline)) return null;
  const found = records.find(({ run }) => run === baseline.run);
  if (found !== undefined) return found;
  throw new StressError(
    "usage",
    `baseline.run ${baseline.run}: there is no such run; see stress history --json`,
  );
};

const baselineOf = (
  { config }: NightlyFile,
  records: readonly RunRecord[],
  tonight: RunRecord,
  say: (line: string) => void,
): Baseline => {
  const { runs: out, baseline } = config;
  const chosen = chosenRun(records, config);
  if (chosen !== null) {
    const why = unfit(chosen, tonight);
    return why === null
      ? { ...readBaseline(out, [chosen], say), unfit: null }
      : { records: [], samples: [], unfit: `run ${chosen.run} is no baseline: ${why}` };
  }
  const nights = "nights" in baseline ? baseline.nights : 0;
  const found = lastNights(records, tonight, { nights, regressed: regressedRuns(out, records) });
  return { ...readBaseline(out, found, say), unfit: null };
};

interface Told {
  readonly regression: Regression;
  readonly worse: readonly string[];
  readonly again: readonly ArmRegression[];
  readonly confirmation: PerformedRun | null;
}

/** What a comparison says, and what a second run says of that. */
const told = async (
  arms: readonly ArmRegression[],
  again: () => Promise<{
    readonly performed: PerformedRun;
    readonly arms: readonly ArmRegression[];
  }>,
  { confirm, say }: { readonly confirm: boolean; readonly say: (line: string) => void },
): Promise<Told> => {
  const suspected = arms.filter(isWorse);
  const worse = suspected.map(({ arm }) => arm);
  const alone = { again: [], confirmation: null };
  if (worse.length === 0) {
    const untold = arms.length === 0 || arms.some(isUntold);
    return { regression: untold ? "unknown" : "none", worse, ...alone };
  }
  if (!confirm) return { regression: "confirmed", worse, ...alone };
  // What is suspected is said, whatever keeps the second run from being made.
  const second = await again().catch((error: unknown) => {
    if (!(error instanceof StressError)) throw error;
    say(`the second run could not be made: ${error.message}`);
    return null;
  });
  if (second === null) return { regression: "suspected", worse, ...alone };
  const { performed } = second;
  const found = { again: second.arms, confirmation: performed };
  if (performed.summary.ended !== "completed") return { regression: "suspected", worse, ...found };
  const both = confirmed(suspected, second.arms);
  return both.length > 0
    ? { regression: "confirmed", worse: both, ...found }
    : { regression: "not confirmed", worse, ...found };
};

const recordOf = (records: readonly RunRecord[], { summary }: PerformedRun): RunRecord => {
  const found = records.find(({ run }) => run === summary.run);
  if (found !== undefined) return found;
  throw new StressError("output", `the journal of run ${summary.run} cannot be read back`);
};

/** Tonight, when the lock is held. */
const perform = async (
  file: NightlyFile,
  shell: Shell,
): Promise<{ readonly night: Night; readonly first: PerformedRun }> => {
  const { config, run } = file;
  const { runs: out, slower } = config;
  const { say } = shell;
  const seed = seedOf(config);
  const first = await performedRun(runOptionsOf(file, seed), shell);
  const records = indexedRuns(out, say);
  const tonight = recordOf(records, first);
  const baseline = baselineOf(file, records, tonight, say);
  const compare = ({ run: performed }: PerformedRun): readonly ArmRegression[] =>
    regressions(samplesOf(performed), baseline.samples, { slower });
  const isWhole = first.summary.ended === "completed";
  const arms = isWhole ? compare(first) : [];
  const { regression, worse, again, confirmation } = await told(
    arms,
    async () => {
      say(
        `a regression is suspected (${arms
          .filter(isWorse)
          .map(({ arm }) => arm)
          .join(", ")}): running again`,
      );
      const performed = await performedRun(runOptionsOf(file, `${seed}/again`), shell);
      return { performed, arms: compare(performed) };
    },
    { confirm: config.confirm, say },
  );
  const samples = samplesOf(first.run);
  const expectations = [
    ...first.summary.expectations,
    ...run.expectations.filter(needsBaseline).map((each) =>
      evaluate(each, {
        samples,
        baseline: baseline.records.length === 0 ? null : baseline.samples,
      }),
    ),
  ];
  const grounds = {
    ended: first.summary.ended,
    baseline: baseline.records.map((record) => record.run),
    ...{ regression, worse: [...worse], expectations },
    leaks: first.summary.leaks.length,
  };
  const night: Night = {
    schema: "stress.nightly/1",
    run: first.summary.run,
    confirmation: confirmation?.summary.run ?? null,
    simulated: first.summary.simulated,
    ...grounds,
    arms: [...arms],
    again: [...again],
    verdict: nightVerdict(grounds),
    reasons: nightReasons(grounds, baseline.unfit),
  };
  return { night, first };
};

/** What a night is to leave behind: itself, whatever it was compared with, and no more old ones than were asked for. */
const tidyUp = ({ config }: NightlyFile, night: Night, { say }: Shell): void => {
  const { runs: out, keep, baseline } = config;
  keepNight(out, night);
  const chosen = "run" in baseline ? [baseline.run] : [];
  const gone = removeOldNights(out, indexedRuns(out, say), {
    keep,
    needed: new Set([...night.baseline, ...chosen]),
  });
  if (gone.length > 0)
    say(`removed ${count(gone.length, "run")} of nights before the last ${String(keep)}`);
};

/** Everything that can be refused before an engine is started. */
const refuseEarly = (file: NightlyFile, outputs: Outputs, { say }: Shell): void => {
  const { config, run } = file;
  checkOutputs(outputs);
  const { arms } = layOut(runOptionsOf(file, "refuse"), "refuse").laidOut.plan;
  for (const expectation of run.expectations) checkSelectors(expectation, arms);
  if ("run" in config.baseline) chosenRun(indexedRuns(config.runs, say), config);
};

const exitCodeOf = (night: Night, { exitCode }: PerformedRun, shell: Shell): number => {
  const interrupted = shell.interruptedBy();
  if (interrupted !== null) return interrupted;
  return night.ended === "completed" ? EXIT[night.verdict] : exitCode;
};

/**
 * `stress nightly`: runs, compares with the nights before, and alarms only when a second run says the same.
 */
export const nightlyCommand = async (
  { config, json, units }: NightlyOptions,
  shell: Shell,
): Promise<number> => {
  const file = readNightlyFile(config);
  if (units !== null) {
    printUnits(units, config, shell);
    return EXIT.holds;
  }
  const outputs = outputsOf(file.config);
  refuseEarly(file, outputs, shell);
  const release = await holdUnlessHeld(`nightly ${shell.stateDir}`);
  if (release === null) {
    throw new StressError(
      "environment",
      "another nightly run is under way on this machine: two at once would time each other; let it end",
    );
  }
  try {
    const { night, first } = await perform(file, shell);
    shell.print(json ? nightJson(night) : nightText(night, shell.paint));
    tidyUp(file, night, shell);
    await writeOutputs(first.summary, outputs, shell);
    return exitCodeOf(night, first, shell);
  } finally {
    release();
  }
};
