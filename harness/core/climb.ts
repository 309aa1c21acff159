/**
 * What became of each rung of the ladder, and which to take: said only as far as the run carries it.
 */
import { z } from "zod";
import { compareArms, type ComparedPair } from "./comparison/compare.ts";
import { rateDifferenceSchema } from "./comparison/rate-difference.ts";
import { timeDifferenceSchema } from "./comparison/time-difference.ts";
import type { RunHistory, WaveHistory } from "./history.ts";
import { RUNG_NAMES, RUNGS, type LadderArm } from "./ladder.ts";
import { rateSchema } from "./measures.ts";
import { armOf } from "./arms.ts";
import { samplesOf } from "./samples.ts";
import type { ArmSamples } from "./wave-sample.ts";
import { formatInterval, median, rate, sorted } from "./statistics.ts";
import { tryCurves, tryCurveSchema } from "./tries.ts";
import { chanceRelation, count, formatChance } from "./units.ts";

const text = z.string();
const duration = z.number().nullable();

const rungSchema = z.object({
  rung: z.enum(RUNG_NAMES),
  title: text,
  arm: text,
  /** Why it has no waves; null where it was climbed. */
  skipped: text.nullable(),
  /** That ran to their end. */
  waves: z.int().nonnegative(),
  failures: rateSchema,
  /** Against doing nothing; null for that itself, and where it was skipped. */
  difference: rateDifferenceSchema.nullable(),
  /** Milliseconds, median over the waves. */
  burst: duration,
  burstDifference: timeDifferenceSchema.nullable(),
  /**
   * Processor time of the engine's own programs in one burst, milliseconds, median over the waves: without the
   * containers; null where it cannot be seen.
   */
  engineProcessor: duration,
  /** The same of the harness, with the lock holders that it started. */
  harnessProcessor: duration,
  /** Null where nothing was tried again. */
  tries: tryCurveSchema.nullable(),
  cost: text,
  /** What it leaves as it was, or makes worse. */
  but: text.nullable(),
  advice: text,
});
export type ClimbedRung = z.infer<typeof rungSchema>;

/**
 * `stops`: no failure was left with the rung, and that is a difference. `lessens`: fewer were. `nothing-to-mend`: none
 * without it. `unknown`: the data do not tell any rung from doing nothing.
 */
const ADVICE = ["stops", "lessens", "nothing-to-mend", "unknown"] as const;

export const climbSchema = z.object({
  schema: z.literal("stress.ladder/1"),
  tool: text,
  run: text,
  seed: text,
  startedAt: text,
  /** Version of the engine that the ladder stands on. */
  engine: text,
  simulated: z.boolean(),
  /** Faults that were injected on purpose. */
  faults: z.int().nonnegative(),
  /** In the order of what they cost. */
  rungs: z.array(rungSchema).readonly(),
  advice: z.object({
    verdict: z.enum(ADVICE),
    /** The cheapest rung that does the most; null where there is none. */
    rung: z.enum(RUNG_NAMES).nullable(),
    words: z.array(text).readonly(),
  }),
});
export type Climb = z.infer<typeof climbSchema>;

const middle = (values: readonly number[]): number | null =>
  values.length === 0 ? null : median(sorted(values));

const endsOf = (waves: readonly WaveHistory[]) => waves.flatMap((wave) => wave.burstEnded ?? []);

const skippedWhy = ({ started }: RunHistory, { arm }: LadderArm): string =>
  started.profiles?.find(({ profile }) => profile.name === arm.profile)?.skipped ??
  "the run has no such arm";

const rungOf = (
  run: RunHistory,
  { rung, arm: spec }: LadderArm,
  {
    samples,
    pairs,
    curves,
  }: {
    readonly samples: readonly ArmSamples[];
    readonly pairs: readonly ComparedPair[];
    readonly curves: ReturnType<typeof tryCurves>;
  },
): ClimbedRung => {
  const { id } = armOf(spec, "");
  const arm = samples.find((each) => each.arm.id === id);
  const { title, cost, but, advice } = RUNGS[rung];
  const climbed = arm?.waves ?? [];
  const pair = pairs.find((each) => each.arm === id);
  const curve = curves.find((each) => each.arm === id);
  const finished = new Set(climbed.map(({ wave }) => wave));
  const ends = endsOf(run.waves.filter(({ started }) => finished.has(started.wave)));
  return {
    ...{ rung, title, arm: id, cost, but, advice },
    skipped: arm === undefined ? skippedWhy(run, { rung, arm: spec }) : null,
    waves: climbed.length,
    failures: rate({
      failed: climbed.reduce((total, { failed }) => total + failed, 0),
      of: climbed.reduce((total, { jobs }) => total + jobs, 0),
    }),
    difference: pair?.failures ?? null,
    burst: middle(climbed.map(({ burst }) => burst)),
    burstDifference: pair?.burst ?? null,
    engineProcessor: middle(ends.flatMap(({ engineProcessor }) => engineProcessor ?? [])),
    harnessProcessor: middle(ends.map(({ processor }) => processor)),
    tries: curve ?? null,
  };
};

const ratesText = ({ failures }: ClimbedRung): string =>
  failures === null
    ? "no wave finished"
    : `${String(failures.failed)} of ${String(failures.of)} failed (${formatInterval(failures)})`;

const chanceText = ({ difference }: ClimbedRung): string => {
  const chance = difference?.adjustedP;
  return chance === null || chance === undefined ? "" : `, p ${chanceRelation(chance)}`;
};

const namesOf = (rungs: readonly ClimbedRung[]): string => rungs.map(({ rung }) => rung).join(", ");

const hasLess = ({ failures }: ClimbedRung, baseline: ClimbedRung): boolean =>
  (failures?.value ?? 1) < (baseline.failures?.value ?? 0);

/** What is said of the rungs that are not the one to take. */
const othersWords = (
  best: ClimbedRung | null,
  baseline: ClimbedRung,
  others: readonly ClimbedRung[],
): readonly string[] => {
  const differing = others.filter(({ difference }) => difference?.verdict === "differs");
  const good = differing.filter((each) => each !== best && hasLess(each, baseline));
  const worse = differing.filter((each) => each !== best && !hasLess(each, baseline));
  const rest = others.filter(
    (each) => each.skipped === null && !differing.includes(each) && each !== best,
  );
  return [
    ...(good.length > 0
      ? [`fail less often than nothing as well, at another cost: ${namesOf(good)}`]
      : []),
    ...(worse.length > 0 ? [`fail more often than nothing: ${namesOf(worse)}`] : []),
    ...(rest.length > 0 ? [`not shown to make a difference to failures: ${namesOf(rest)}`] : []),
  ];
};

const faultWords = (faults: number): readonly string[] =>
  faults === 0
    ? []
    : [
        `${count(faults, "fault was", "faults were")} injected on purpose: what helps against these helps where the cause is the same ` +
          "(stress explain shows it), and the rates are those of the trouble, not of the engine",
      ];

/** What it would take to tell the rung that seems to help most from nothing. */
const wavesWords = (others: readonly ClimbedRung[]): readonly string[] => {
  const [nearest] = others
    .filter(({ difference }) => difference !== null)
    .toSorted((a, b) => (a.difference?.p ?? 1) - (b.difference?.p ?? 1));
  const needed = nearest?.difference?.wavesToTell ?? null;
  if (nearest === undefined || needed === null) return [];
  return needed > nearest.waves
    ? [`to tell ${nearest.rung} from nothing takes about --waves ${String(needed)}`]
    : [
        `${nearest.rung} is near: alone (--rungs ${nearest.rung}) its p would be ${formatChance(nearest.difference?.p ?? 1)}; ` +
          "comparing many rungs at once takes more --waves",
      ];
};

const adviceOf = (
  baseline: ClimbedRung,
  others: readonly ClimbedRung[],
): Pick<Climb["advice"], "verdict" | "rung" | "words"> => {
  if (baseline.failures === null) {
    return { verdict: "unknown", rung: null, words: ["no wave without a mitigation finished"] };
  }
  if (baseline.failures.failed === 0) {
    const words = [
      `without any mitigation ${ratesText(baseline)}: there is nothing to choose a rung by; raise --n or --waves, or make trouble with --nemesis`,
    ];
    return { verdict: "nothing-to-mend", rung: null, words };
  }
  const helping = others.filter(
    (each) => each.difference?.verdict === "differs" && hasLess(each, baseline),
  );
  // The rungs are in the order of their cost, and sorting keeps it among equals.
  const [best] = helping.toSorted((a, b) => (a.failures?.value ?? 1) - (b.failures?.value ?? 1));
  if (best === undefined) {
    const words = [
      `no rung is shown to fail less often than nothing, with which ${ratesText(baseline)}`,
      ...wavesWords(others),
      ...othersWords(null, baseline, others),
    ];
    return { verdict: "unknown", rung: null, words };
  }
  const stops = best.failures?.failed === 0;
  return {
    verdict: stops ? "stops" : "lessens",
    rung: best.rung,
    words: [
      `${best.advice}: ${ratesText(best)} against ${ratesText(baseline)} without${chanceText(best)}`,
      `it costs ${best.cost}${best.but === null ? "" : `; ${best.but}`}`,
      ...(stops ? [] : ["no rung that is shown to help left no failure"]),
      ...othersWords(best, baseline, others),
    ],
  };
};

/** @param ladder - the rungs that were to be climbed, the first of them doing nothing */
export const climb = (run: RunHistory, ladder: readonly LadderArm[]): Climb => {
  const { started } = run;
  const samples = samplesOf(run);
  const [first] = ladder;
  const baselineId = first === undefined ? null : armOf(first.arm, "").id;
  const isThere = started.arms.some(({ id }) => id === baselineId);
  const pairs = isThere ? compareArms(samples, { baseline: baselineId }).pairs : [];
  const measured = { samples, pairs, curves: tryCurves(run) };
  const rungs = ladder.map((each) => rungOf(run, each, measured));
  const [baseline, ...others] = rungs;
  const faults = run.waves.reduce((total, wave) => total + wave.faults.length, 0);
  const advice =
    baseline === undefined
      ? { verdict: "unknown" as const, rung: null, words: [] }
      : adviceOf(baseline, others);
  return {
    schema: "stress.ladder/1",
    tool: started.tool,
    run: started.run,
    seed: started.seed,
    startedAt: started.startedAt,
    engine: started.engine.version,
    simulated: started.engine.simulated,
    faults,
    rungs,
    advice: { ...advice, words: [...advice.words, ...faultWords(faults)] },
  };
};
