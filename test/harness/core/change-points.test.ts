import fc from "fast-check";
import { expect, test } from "vitest";
import {
  FEWEST_NIGHTS,
  rateChanges,
  timeChanges,
  type NightCount,
} from "../../../harness/core/change-points.ts";
import { seeded, type Random } from "../../../harness/core/random.ts";

/** Thousands of series are shuffled: seconds on an idle machine. */
const SLOW = { timeout: 60_000 };

const binomial = (of: number, rate: number, random: Random): NightCount => {
  let failed = 0;
  for (let job = 0; job < of; job += 1) if (random.next() < rate) failed += 1;
  return { failed, of };
};

/** Nights 1 … `nights`, each with its own true rate. */
const series = (
  { nights, jobs, rateOf }: { nights: number; jobs: number; rateOf: (night: number) => number },
  random: Random,
): readonly NightCount[] =>
  Array.from({ length: nights }, (_, index) => binomial(jobs, rateOf(index + 1), random));

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** How many of 1,000 series have a change found in them. */
const alarms = (draw: (random: Random, index: number) => readonly unknown[]): number =>
  Array.from({ length: 1000 }, (_, index) => draw(seeded(`series ${String(index)}`), index)).filter(
    (changes) => changes.length > 0,
  ).length;

test.each([
  { rate: 0.02, nights: 30, jobs: 48 },
  { rate: 0.2, nights: 30, jobs: 48 },
  { rate: 0.125, nights: 14, jobs: 16 },
])(
  "of 1,000 series of $nights nights at one rate, $rate, at most one of twenty has a change",
  SLOW,
  (of) => {
    const found = alarms((random, index) =>
      rateChanges(series({ ...of, rateOf: () => of.rate }, random), String(index)),
    );
    expect(found).toBeLessThanOrEqual(50);
  },
);

test("nights that scatter more than their jobs do are no changes", SLOW, () => {
  // A night's own rate is anything between 0 and 30 %: about seven times a binomial's variance.
  const found = alarms((random, index) =>
    rateChanges(
      series({ nights: 20, jobs: 96, rateOf: () => 0.3 * random.next() }, random),
      String(index),
    ),
  );
  expect(found).toBeLessThanOrEqual(50);
});

test("of 1,000 series of burst times at one level at most one of twenty has a change", SLOW, () => {
  const found = alarms((random, index) =>
    timeChanges(
      Array.from({ length: 30 }, () => Math.exp(10 + 0.2 * normal(random))),
      String(index),
    ),
  );
  expect(found).toBeLessThanOrEqual(50);
});

test(
  "from 2 % to 20 % after night 12 is found at night 13, give or take one, in 95 of 100 series",
  SLOW,
  () => {
    const found = Array.from({ length: 100 }, (_, repeat) => {
      const nights = series(
        { nights: 24, jobs: 48, rateOf: (night) => (night <= 12 ? 0.02 : 0.2) },
        seeded(`planted ${String(repeat)}`),
      );
      return rateChanges(nights, String(repeat)).map(({ at }) => at);
    });
    // From 0: index 12 is night 13.
    const right = found.filter(([at = -1, ...more]) => more.length === 0 && Math.abs(at - 12) <= 1);
    expect(right.length).toBeGreaterThanOrEqual(95);
    expect(found.filter((changes) => changes.length === 0)).toEqual([]);
  },
);

test("a rate that rises and falls again has two changes, each with its levels", () => {
  const nights = Array.from({ length: 30 }, (_, index) => ({
    failed: index >= 10 && index < 20 ? 12 : 1,
    of: 48,
  }));
  expect(rateChanges(nights, "s")).toEqual([
    { at: 10, before: { failed: 10, of: 480 }, after: { failed: 120, of: 480 }, p: 0.004 },
    { at: 20, before: { failed: 120, of: 480 }, after: { failed: 10, of: 480 }, p: 0.004 },
  ]);
});

test("burst times that grow by a quarter are found in spite of two nights of ten times the time", () => {
  const random = seeded("bursts");
  const nights = Array.from({ length: 24 }, (_, index) => {
    const usual = (index < 15 ? 20_000 : 25_000) * Math.exp(0.05 * normal(random));
    return index === 4 || index === 9 ? usual * 10 : usual;
  });
  const changes = timeChanges(nights, "s");
  expect(changes.map(({ at }) => at)).toEqual([15]);
  expect(changes[0]?.before).toBeCloseTo(20_500, -3);
  expect(changes[0]?.after).toBeCloseTo(25_000, -3);
});

test("one bad night, however bad, is no change", () => {
  const nights = Array.from({ length: 30 }, (_, index) => ({
    failed: index === 14 ? 48 : 1,
    of: 48,
  }));
  expect(rateChanges(nights, "s")).toEqual([]);
});

test("nothing is said of fewer nights than can show anything", () => {
  const nights = Array.from({ length: FEWEST_NIGHTS - 1 }, (_, index) => ({
    failed: index < 3 ? 0 : 48,
    of: 48,
  }));
  expect(rateChanges(nights, "s")).toEqual([]);
  expect(rateChanges([...nights, { failed: 48, of: 48 }], "s")).toHaveLength(1);
});

test("the same nights and seed give the same changes; the unit of a time is of no matter", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), (values) => {
      const places = (of: readonly number[]) => timeChanges(of, "s").map(({ at, p }) => [at, p]);
      expect(places(values.map((value) => value * 1000))).toEqual(places(values));
      expect(places(values.map(Math.log))).toEqual(places(values));
    }),
    { numRuns: 50 },
  );
});

test.each([[{ failed: 2, of: 1 }], [{ failed: 0, of: 0 }], [{ failed: 0.5, of: 1 }]])(
  "%j is refused",
  (night) => {
    expect(() => rateChanges([night], "s")).toThrow(RangeError);
  },
);
