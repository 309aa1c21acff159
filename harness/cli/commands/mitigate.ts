import { ladderJson, ladderMarkdown, ladderText } from "../../../reports/ladder.ts";
import { climb, type Climb } from "../../core/climb.ts";
import { EXIT } from "../../core/errors.ts";
import { ladderArms, RUNG_NAMES, type LadderArm, type RungName } from "../../core/ladder.ts";
import { formatNemesis, type Nemesis } from "../../core/nemesis.ts";
import type { Millis } from "../../core/units.ts";
import type { EngineChoice } from "../engine-choice.ts";
import type { Freshness } from "../freshness.ts";
import { layOut } from "../lay-out.ts";
import { performedRun, type PerformedRun } from "../perform.ts";
import { printPlan } from "../print-plan.ts";
import { writeReport } from "../run-directory.ts";
import { engineFlags, given } from "../resolved-command.ts";
import type { RunOptions } from "../run-options.ts";
import type { Shell } from "../shell.ts";

export interface MitigateOptions {
  readonly rungs: readonly RungName[];
  readonly n: number;
  readonly waves: number;
  readonly retries: number;
  /** For the rung of that name. */
  readonly lockFile: string;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  readonly freshEngine: Freshness;
  readonly services: readonly string[];
  readonly images: string | null;
  readonly nemeses: readonly Nemesis[];
  readonly seed: string | null;
  readonly timeout: Millis;
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
}

/** The arguments that climb the same ladder again. */
const commandOf = (options: MitigateOptions, seed: string): readonly string[] => [
  "mitigate",
  ...["--rungs", options.rungs.join(",")],
  ...["--n", String(options.n), "--waves", String(options.waves)],
  ...["--retry", String(options.retries), "--lock-file", options.lockFile],
  ...engineFlags(options.engine),
  ...(options.sharedEngine ? ["--shared-engine"] : []),
  ...(options.freshEngine === "never" ? [] : ["--fresh-engine", options.freshEngine]),
  ...given("--services", options.services.join(",")),
  ...given("--images", options.images),
  ...["--timeout", String(options.timeout / 1000), "--seed", seed],
  ...options.nemeses.flatMap((nemesis) => ["--nemesis", formatNemesis(nemesis)]),
];

const runOptionsOf = (options: MitigateOptions, ladder: readonly LadderArm[]): RunOptions => {
  const { engine, sharedEngine, freshEngine, services, images, seed, timeout } = options;
  const { out, json, dryRun, nemeses, waves, n } = options;
  return {
    ...{ engine, sharedEngine, freshEngine, services, images, seed, timeout },
    ...{ out, json, dryRun, nemeses, waves },
    ns: [n],
    // For what asks whether anything is published: the rungs have modes of their own.
    modes: ["ports"],
    runners: [],
    variants: [],
    measureFor: null,
    mitigations: [],
    arms: ladder.map(({ arm }) => arm),
    warmups: null,
    ports: "all",
    scenario: "stacks",
    profiles: [...new Set(ladder.flatMap(({ arm }) => arm.profile ?? []))],
    daemonJsons: [],
    keepFailed: false,
    outputs: { junit: null, openmetrics: null, benchmarkJson: null, github: false },
    expectations: [],
    baseline: null,
    until: "waves",
    command: (drawn) => commandOf(options, drawn),
  };
};

const render = (told: Climb, { json }: MitigateOptions, { paint }: Shell): string =>
  json ? ladderJson(told) : ladderText(told, paint);

/** That failures remain is what the ladder is for: the code says whether a rung was found that stops them. */
const exitCodeOf = (told: Climb, { summary, exitCode }: PerformedRun): number => {
  if (summary.ended !== "completed") return exitCode;
  switch (told.advice.verdict) {
    case "stops":
      return EXIT.holds;
    case "lessens":
      return EXIT.violated;
    case "nothing-to-mend":
    case "unknown":
      return EXIT.unknown;
  }
};

/** `stress mitigate`: every rung of the ladder against doing nothing, in one run. @returns the exit code */
export const mitigateCommand = async (options: MitigateOptions, shell: Shell): Promise<number> => {
  const ownEngine = options.engine.kind !== "auto";
  const { n, retries, lockFile, rungs } = options;
  const ladder = ladderArms({ rungs, n, retries, lockFile, ownEngine });
  const runOptions = runOptionsOf(options, ladder);
  if (options.dryRun) {
    const { plan } = layOut(runOptions, "dry-run").laidOut;
    printPlan(plan, { json: options.json, print: shell.print });
    return EXIT.holds;
  }
  const climbed = new Set(ladder.map(({ rung }) => rung));
  const left = RUNG_NAMES.filter((rung) => rungs.includes(rung) && !climbed.has(rung));
  if (left.length > 0) {
    shell.say(`${left.join(", ")}: left out, they need an engine of our own: --engine managed`);
  }
  const performed = await performedRun(runOptions, shell, ({ run, directory }) => {
    const told = climb(run, ladder);
    shell.print(render(told, options, shell));
    writeReport(directory, "ladder.json", ladderJson(told));
    writeReport(directory, "ladder.md", ladderMarkdown(told));
    shell.say(`ladder: ${directory}/ladder.md`);
  });
  return exitCodeOf(climb(performed.run, ladder), performed);
};
