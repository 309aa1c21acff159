/**
 * Runs beside one another: what each arm that they share did in each, against the first.
 */
import { z } from "zod";
import { engineFactsSchema } from "../events.ts";
import { differences, fingerprintOf, fingerprintSchema } from "../fingerprint.ts";
import type { RunHistory } from "../history.ts";
import { rateSchema, spreadSchema } from "../measures.ts";
import { samplesOf } from "../samples.ts";
import { rate, spread, sum } from "../statistics.ts";
import { count } from "../units.ts";
import type { ArmSamples, WaveSample } from "../wave-sample.ts";
import { corrected } from "./decision.ts";
import { rateDifferenceSchema } from "./rate-difference.ts";
import { ratesOf, timesOf, type Sides } from "./sides.ts";
import { timeDifferenceSchema } from "./time-difference.ts";

const text = z.string();
const whole = z.int().nonnegative();

const comparedRun = z.object({
  run: text,
  /** ISO 8601, UTC. */
  startedAt: text,
  ended: z.enum(["completed", "interrupted", "engine-lost", "trouble-failed", "killed"]),
  waves: z.object({ finished: whole, planned: whole }),
  simulated: z.boolean(),
  architecture: engineFactsSchema.shape.architecture,
  fingerprint: fingerprintSchema,
});

const cell = z.object({
  waves: whole,
  /** Over finished waves. */
  failures: rateSchema,
  /** Milliseconds, one value a finished wave. */
  burst: spreadSchema,
  /** Against the first run; null in the first, and where that has no such arm. */
  failuresAgainst: rateDifferenceSchema.nullable(),
  burstAgainst: timeDifferenceSchema.nullable(),
});
export type RunCell = z.infer<typeof cell>;

export const runComparisonSchema = z.object({
  schema: z.literal("stress.comparison/1"),
  runs: z.array(comparedRun),
  /** In what the runs themselves differ, and what that means; one sentence each. */
  warnings: z.array(text),
  arms: z.array(
    z.object({
      id: text,
      /** In the order of the runs; null where a run has no such arm. */
      runs: z.array(cell.nullable()),
    }),
  ),
});
export type RunComparison = z.infer<typeof runComparisonSchema>;

/** Its JSON Schema, as committed in `reports/comparison.schema.json`. */
export const runComparisonJsonSchema = (): unknown => z.toJSONSchema(runComparisonSchema);

interface Sampled {
  readonly history: RunHistory;
  readonly samples: readonly ArmSamples[];
}

const finishedWaves = ({ samples }: Sampled): number =>
  sum(samples.map(({ waves }) => waves.length));

const comparedRunOf = (sampled: Sampled): RunComparison["runs"][number] => {
  const { started, ended } = sampled.history;
  return {
    run: started.run,
    startedAt: started.startedAt,
    ended,
    waves: { finished: finishedWaves(sampled), planned: started.waves },
    simulated: started.engine.simulated,
    architecture: started.engine.architecture,
    fingerprint: fingerprintOf(sampled.history),
  };
};

type Run = RunComparison["runs"][number];

const partial = ({ run, ended, waves }: Run): readonly string[] =>
  ended === "completed" && waves.finished >= waves.planned
    ? []
    : [
        `run ${run} is partial (${ended}): ${String(waves.finished)} of ${count(waves.planned, "wave")} count`,
      ];

const unlike = (first: Run, other: Run): readonly string[] => {
  const found = differences(first.fingerprint, other.fingerprint);
  return [
    ...(found.length === 0
      ? []
      : [`${other.run} was not made on the same as ${first.run}: ${found.join("; ")}`]),
    ...(first.architecture === other.architecture
      ? []
      : [
          `${first.architecture} beside ${other.architecture}: two machines, so a difference may be one of machines; each has its own builds of the images`,
        ]),
  ];
};

const injected = (history: RunHistory): boolean =>
  history.waves.some(({ faults }) => faults.length > 0);

const onPurpose = ({ history }: Sampled): readonly string[] =>
  injected(history)
    ? [`faults were injected on purpose in run ${history.started.run} (--nemesis)`]
    : [];

const warningsOf = (runs: readonly Run[], sampled: readonly Sampled[]): string[] => {
  const [first, ...others] = runs;
  return [
    ...(runs.some(({ simulated }) => simulated)
      ? ["an engine was simulated: this says nothing about a real one"]
      : []),
    ...runs.flatMap(partial),
    ...sampled.flatMap(onPurpose),
    ...(first === undefined ? [] : others.flatMap((other) => unlike(first, other))),
    "runs have no blocks in common: what changed on the machine between them is in every difference",
  ];
};

/** Runs have no blocks in common, so all waves of a run stand in one. */
const pooled = (waves: readonly WaveSample[]): readonly WaveSample[] =>
  waves.map((wave) => ({ ...wave, block: 1 }));

interface Place {
  readonly arm: string;
  readonly waves: readonly WaveSample[];
  /** Null in the first run, and where that has no such arm. */
  readonly sides: Sides | null;
}

const placesOf = (id: string, runs: readonly Sampled[]): readonly (Place | null)[] => {
  const all = runs.map(({ samples }) => samples.find(({ arm }) => arm.id === id)?.waves ?? null);
  const [first = null] = all;
  return all.map((waves, run) => {
    if (waves === null) return null;
    const sides =
      run === 0 || first === null ? null : { baseline: pooled(first), arm: pooled(waves) };
    return { arm: id, waves, sides };
  });
};

/**
 * Arms are the same where their ids are. P-values are corrected over all arms and runs of a table.
 *
 * @param histories - the first is what the others are held against
 */
export const compareRuns = (histories: readonly RunHistory[]): RunComparison => {
  const sampled = histories.map((history) => ({ history, samples: samplesOf(history) }));
  const runs = sampled.map(comparedRunOf);
  const ids = [...new Set(sampled.flatMap(({ samples }) => samples.map(({ arm }) => arm.id)))];
  const rows = ids.map((id) => placesOf(id, sampled));
  const sides = rows.flat().flatMap((place) => place?.sides ?? []);
  const failures = corrected(sides.map((each) => ratesOf(each, ({ failed }) => failed)));
  const bursts = corrected(sides.map((each) => timesOf(each, ({ burst }) => [burst])));
  const cellOf = (place: Place | null): RunCell | null => {
    if (place === null) return null;
    const at = place.sides === null ? -1 : sides.indexOf(place.sides);
    const { waves } = place;
    return {
      waves: waves.length,
      failures: rate({
        failed: sum(waves.map(({ failed }) => failed)),
        of: sum(waves.map(({ jobs }) => jobs)),
      }),
      burst: spread(waves.map(({ burst }) => burst)),
      failuresAgainst: failures[at] ?? null,
      burstAgainst: bursts[at] ?? null,
    };
  };
  return {
    schema: "stress.comparison/1",
    runs,
    warnings: warningsOf(runs, sampled),
    arms: rows.map((places, row) => ({ id: ids[row] ?? "", runs: places.map(cellOf) })),
  };
};
