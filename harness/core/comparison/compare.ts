/**
 * The arms of a run beside one another: which differ, and in what.
 */
import { z } from "zod";
import type { ArmSamples, WaveSample } from "../wave-sample.ts";
import { armPairs, AXES, type Pair } from "./arm-pairs.ts";
import { corrected } from "./decision.ts";
import { rateDifferenceSchema, type RateDifference } from "./rate-difference.ts";
import { ratesOf, timesOf, type Sides } from "./sides.ts";
import { timeDifferenceSchema, type TimeDifference } from "./time-difference.ts";
import { rateWords, timeWords } from "./words.ts";

const text = z.string();

const pairSchema = z.object({
  arm: text,
  baseline: text,
  differsIn: z.array(z.enum(AXES)),
  failures: rateDifferenceSchema,
  /** Each class of which either has a failure, most frequent first. */
  classes: z.array(z.object({ class: text, ...rateDifferenceSchema.shape })),
  /** Gate to the last job that was ready or had failed. */
  burst: timeDifferenceSchema,
  /** Of jobs that were OK, and of jobs that failed: the median of each wave. */
  okTimes: timeDifferenceSchema,
  failTimes: timeDifferenceSchema,
  /** What follows, one sentence each. */
  words: z.array(text),
});

/** P-values are corrected in five families: failure rates, classes, bursts, times of OK jobs, times of failed jobs. */
export const comparisonSchema = z.object({ pairs: z.array(pairSchema) });
export type Comparison = z.infer<typeof comparisonSchema>;
export type ComparedPair = Comparison["pairs"][number];

/** Every class of which one of the two has a failure, most frequent first. */
const classesOf = ({ baseline, arm }: Sides): readonly string[] => {
  const counts = new Map<string, number>();
  for (const [name, amount] of [...arm, ...baseline].flatMap(({ classes }) =>
    Object.entries(classes),
  )) {
    counts.set(name, (counts.get(name) ?? 0) + amount);
  }
  return [...counts]
    .toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .map(([name]) => name);
};

/** A burst of failures is short: what made it longer may be that jobs went on. */
const endedEarly = ({ baseline, arm }: RateDifference): string => {
  const failed = [baseline, arm].some(({ rate }) => rate !== null && rate.failed > 0);
  return failed ? " (failed jobs end early: this is not speed alone)" : "";
};

const wordsOf = (pair: {
  readonly failures: RateDifference;
  readonly classes: readonly ({ readonly class: string } & RateDifference)[];
  readonly burst: TimeDifference;
}): string[] => [
  rateWords(pair.failures),
  // Of a single class the failures are those of the line before.
  ...pair.classes
    .filter(({ verdict }) => verdict === "differs" && pair.classes.length > 1)
    .map((each) => `${each.class}: ${rateWords(each)}`),
  timeWords("burst", pair.burst) + endedEarly(pair.failures),
];

const compared = (pairs: readonly (Pair & { readonly sides: Sides })[]): ComparedPair[] => {
  const sides = pairs.map((pair) => pair.sides);
  const failures = corrected(sides.map((each) => ratesOf(each, ({ failed }) => failed)));
  const asked = sides.flatMap((own, pair) => classesOf(own).map((name) => ({ own, pair, name })));
  const classes = corrected(
    asked.map(({ own, name }) => ({
      class: name,
      ...ratesOf(own, (wave) => wave.classes[name] ?? 0),
    })),
  );
  const burst = corrected(sides.map((each) => timesOf(each, (wave) => [wave.burst])));
  const okTimes = corrected(sides.map((each) => timesOf(each, (wave) => wave.okTimes)));
  const failTimes = corrected(sides.map((each) => timesOf(each, (wave) => wave.failTimes)));
  return pairs.flatMap(({ arm, baseline, differsIn }, index) => {
    const [rates, bursts, ok, failed] = [
      failures[index],
      burst[index],
      okTimes[index],
      failTimes[index],
    ];
    if (rates === undefined || bursts === undefined || ok === undefined || failed === undefined) {
      return [];
    }
    const own = classes.filter((_, row) => asked[row]?.pair === index);
    return [
      {
        arm: arm.id,
        baseline: baseline.id,
        differsIn: [...differsIn],
        failures: rates,
        classes: own,
        burst: bursts,
        okTimes: ok,
        failTimes: failed,
        words: wordsOf({ failures: rates, classes: own, burst: bursts }),
      },
    ];
  });
};

/**
 * Each arm with the one that differs from it in one thing and stands first, or with the baseline that was chosen; never
 * across numbers of jobs.
 *
 * @param baseline - the id of an arm
 * @throws StressError("usage") for a baseline that is no arm
 */
export const compareArms = (
  samples: readonly ArmSamples[],
  { baseline = null }: { readonly baseline?: string | null } = {},
): Comparison => {
  const wavesOf = (id: string): readonly WaveSample[] =>
    samples.find(({ arm }) => arm.id === id)?.waves ?? [];
  const pairs = armPairs(
    samples.map(({ arm }) => arm),
    baseline,
  ).map((pair) => ({
    ...pair,
    sides: { baseline: wavesOf(pair.baseline.id), arm: wavesOf(pair.arm.id) },
  }));
  return { pairs: compared(pairs) };
};
