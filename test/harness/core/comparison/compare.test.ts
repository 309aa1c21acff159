import { expect, test } from "vitest";
import {
  compareArms,
  comparisonSchema,
  type ComparedPair,
} from "../../../../harness/core/comparison/compare.ts";
import { StressError } from "../../../../harness/core/errors.ts";
import type { Arm } from "../../../../harness/core/model.ts";
import type { ArmSamples } from "../../../../harness/core/wave-sample.ts";
import { arm } from "../history.ts";
import { falseAlarms, mostFalseAlarms } from "./equal-arms.ts";

interface Told {
  /** By wave. */
  readonly failed: readonly number[];
  readonly burst?: readonly number[];
  readonly classes?: readonly Readonly<Record<string, number>>[];
}

const samples = (target: Arm, { failed, burst = [], classes = [] }: Told): ArmSamples => ({
  arm: target,
  waves: failed.map((each, index) => ({
    wave: index + 1,
    block: index + 1,
    jobs: target.n,
    failed: each,
    classes: classes[index] ?? (each === 0 ? {} : { "port.in_use": each }),
    burst: burst[index] ?? 20_000,
    okTimes: each === target.n ? [] : [burst[index] ?? 20_000],
    failTimes: each === 0 ? [] : [5000],
  })),
});

const DEFAULT: Arm = { ...arm("ports", 40), id: "default/ports/n40", profile: "default" };
const WIDE: Arm = { ...arm("ports", 40), id: "wide-pools/ports/n40", profile: "wide-pools" };

const solePair = (...given: readonly ArmSamples[]): ComparedPair => {
  const [pair, ...others] = compareArms(given).pairs;
  if (pair === undefined || others.length > 0) throw new Error("not one pair");
  return pair;
};

test("wide pools end what the default's pools bring about, and the words say so", () => {
  const pair = solePair(
    samples(DEFAULT, { failed: [10, 10, 10], burst: [20_000, 21_000, 19_000] }),
    samples(WIDE, { failed: [0, 0, 0], burst: [25_000, 26_000, 24_000] }),
  );
  expect(pair).toMatchObject({
    arm: WIDE.id,
    baseline: DEFAULT.id,
    differsIn: ["profile"],
    failures: { verdict: "differs" },
    burst: { verdict: "unknown", shift: { value: 5000, interval: null } },
  });
  expect(pair.words).toEqual([
    "fails less often: 0 % against 25 %, 0 of 120 against 30 of 120 in 3 waves each (p = 0.0042)",
    "burst 25.0s against 20.0s: 3 waves each cannot show a difference of times, 4 can (failed jobs end early: this is not speed alone)",
  ]);
  expect(comparisonSchema.parse({ pairs: [pair] })).toEqual({ pairs: [pair] });
});

const SIXTEEN = [DEFAULT, WIDE].map((each) => ({ ...each, n: 16 }));

test("2 of 16 against 0 of 16 proves nothing, and what it would take is said", () => {
  const [one, other] = SIXTEEN;
  const pair = solePair(
    samples(other ?? WIDE, { failed: [0] }),
    samples(one ?? WIDE, { failed: [2] }),
  );
  expect(pair.failures.verdict).toBe("unknown");
  expect(pair.words[0]).toBe(
    "12.5 % against 0 %: 2 of 16 against 0 of 16 proves nothing (p = 0.48; 1 wave each, and it takes 3 to know how " +
      "much waves differ); were these the true rates, telling them apart with 80 % power would take about 5 waves of " +
      "each (stress plan --detect 12.5%:0%)",
  );
});

test.each<[string, Told, Told, string]>([
  [
    "waves that fail as a whole",
    { failed: [30, 0, 0] },
    { failed: [0, 0, 0] },
    "no difference shown: 25 % against 0 %, 30 of 120 against 0 of 120 in 3 waves each (p = 0.41); waves vary 40.0 times " +
      "as much as independent jobs would; were these the true rates, telling them apart with 80 % power would take about " +
      "28 waves of each (stress plan --detect 25%:0%)",
  ],
  [
    "nothing at all",
    { failed: [0, 0, 0] },
    { failed: [0, 0, 0] },
    "0 of 120 against 0 of 120 failed: the rates may still be 6 % apart",
  ],
  [
    "two waves, however bad",
    { failed: [40, 40] },
    { failed: [0, 0] },
    "100 % against 0 %: 80 of 80 against 0 of 80 is no proof (2 waves each, and it takes 3 to know how much waves differ); " +
      "were these the true rates, telling them apart with 80 % power would take about 3 waves of each (stress plan --detect 100%:0%)",
  ],
  [
    "nothing in one wave",
    { failed: [0] },
    { failed: [0] },
    "0 of 40 against 0 of 40 failed, in 1 wave each: too little to say more",
  ],
  [
    "no wave",
    { failed: [] },
    { failed: [0] },
    "no wave finished of one of them: nothing can be said",
  ],
])("of %s only so much is said", (_, told, before, words) => {
  expect(solePair(samples(DEFAULT, before), samples(WIDE, told)).words[0]).toBe(words);
});

test.each<[string, readonly number[], string]>([
  [
    "slower",
    [30_000, 31_000, 32_000, 33_000],
    "burst 31.5s against 20.5s: 11.0s slower (95 %: 8.0s to 14.0s), p = 0.029",
  ],
  [
    "faster",
    [10_000, 11_000, 12_000, 13_000],
    "burst 11.5s against 20.5s: 9.0s faster (95 %: 6.0s to 12.0s), p = 0.029",
  ],
  [
    "no different",
    [19_000, 20_500, 21_500, 24_000],
    "burst 21.0s against 20.5s: no difference shown, 500ms slower (95 %: -3.0s to 5.0s), p = 0.77",
  ],
])("four waves that are %s say so, in time and in p", (_, burst, words) => {
  const pair = solePair(
    samples(DEFAULT, { failed: [0, 0, 0, 0], burst: [19_000, 20_000, 21_000, 22_000] }),
    samples(WIDE, { failed: [0, 0, 0, 0], burst }),
  );
  expect(pair.words[1]).toBe(words);
});

test("classes are compared apart, corrected for their number, and named where they differ", () => {
  const mixed = { "network.pools_exhausted": 10, "port.in_use": 2 };
  const pair = solePair(
    samples(DEFAULT, { failed: [12, 12, 12, 12], classes: [mixed, mixed, mixed, mixed] }),
    samples(WIDE, { failed: [2, 2, 2, 2] }),
  );
  expect(pair.classes.map((each) => [each.class, each.verdict])).toEqual([
    ["network.pools_exhausted", "differs"],
    ["port.in_use", "no difference shown"],
  ]);
  const [pools] = pair.classes;
  expect(pools?.adjustedP).toBeCloseTo(2 * (pools?.p ?? 0), 12);
  expect(
    pair.words.filter((each) => each.startsWith("network.pools_exhausted: fails less often")),
  ).toHaveLength(1);
});

test("times of OK jobs and of failed ones stand apart, a median a wave", () => {
  const pair = solePair(
    samples(DEFAULT, { failed: [4, 0, 4, 0] }),
    samples(WIDE, { failed: [0, 0, 0, 40] }),
  );
  expect(pair.okTimes).toMatchObject({ arm: { waves: 3 }, baseline: { waves: 4 } });
  expect(pair.failTimes).toMatchObject({ arm: { waves: 1 }, baseline: { waves: 2, median: 5000 } });
});

test("several pairs are corrected together", () => {
  const arms = ["a", "b", "c", "d"].map((profile) => ({ ...DEFAULT, id: profile, profile }));
  const { pairs } = compareArms(
    arms.map((each, index) => samples(each, { failed: index === 3 ? [10, 10, 10] : [0, 0, 0] })),
  );
  expect(pairs.map(({ baseline }) => baseline)).toEqual(["a", "a", "a"]);
  expect(pairs[2]?.failures).toMatchObject({
    verdict: "differs",
    p: expect.closeTo(0.00424, 5) as number,
    adjustedP: expect.closeTo(0.01273, 5) as number,
  });
  expect(pairs[2]?.words[0]).toContain("(p = 0.0042, 0.013 after Holm's correction)");
});

test("a baseline that is no arm is refused, with the arms that there are", () => {
  expect(() => compareArms([samples(DEFAULT, { failed: [0] })], { baseline: "x" })).toThrow(
    new StressError("usage", 'there is no arm "x" to compare with; there are default/ports/n40'),
  );
});

test("of runs with equal arms, from the journal on, one in twenty is called different", () => {
  const runs = 30;
  const found = falseAlarms(runs, { blocks: 4, mean: 0.5, icc: 0.3 });
  expect(found.failures).toBeLessThanOrEqual(mostFalseAlarms(runs));
  expect(found.bursts).toBeLessThanOrEqual(mostFalseAlarms(runs));
});
