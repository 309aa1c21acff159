import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pairedRatio } from "../../../../harness/core/comparison/paired-ratio.ts";
import { seeded } from "../../../../harness/core/random.ts";

const against = (reference: number, ...values: readonly number[]) =>
  values.map((value) => ({ value, reference }));

test("ratios 1, 2 and 4 have the geometric mean 2, and the interval of Student's t worked out by hand", () => {
  // Logarithms 0, ln 2, 2 ln 2: mean ln 2, deviation ln 2; t(0.975, 2) = 4.302653.
  const reach = (4.302653 * Math.LN2) / Math.sqrt(3);
  const found = pairedRatio(against(10, 10, 20, 40));
  expect(found).toMatchObject({ rounds: 3 });
  expect(found?.value).toBeCloseTo(2, 12);
  expect(found?.interval?.low).toBeCloseTo(2 * Math.exp(-reach), 5);
  expect(found?.interval?.high).toBeCloseTo(2 * Math.exp(reach), 5);
});

test("what slows a round down as a whole is in no ratio", () => {
  const rounds = [1, 0.2, 3].map((speed) => ({ value: 21 * speed, reference: 42 * speed }));
  const found = pairedRatio(rounds);
  expect(found?.value).toBeCloseTo(0.5, 12);
  expect(found?.interval?.low).toBeCloseTo(0.5, 9);
  expect(found?.interval?.high).toBeCloseTo(0.5, 9);
});

test("one round and two have a ratio and no interval; none has no ratio", () => {
  expect(pairedRatio(against(10, 5))).toEqual({ value: 0.5, rounds: 1, interval: null });
  expect(pairedRatio(against(10, 5, 5))).toMatchObject({ rounds: 2, interval: null });
  expect(pairedRatio([])).toBeNull();
});

test("nothing is so many times nothing", () => {
  expect(pairedRatio(against(10, 5, 0, 5))).toBeNull();
  expect(pairedRatio(against(0, 5))).toBeNull();
});

const amount = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

test("the other way round everything is turned over", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ value: amount, reference: amount }), { minLength: 3, maxLength: 9 }),
      (rounds) => {
        const one = pairedRatio(rounds);
        const other = pairedRatio(
          rounds.map(({ value, reference }) => ({ value: reference, reference: value })),
        );
        expect((one?.value ?? 0) * (other?.value ?? 0)).toBeCloseTo(1, 9);
        expect(Math.log((one?.interval?.low ?? 0) * (other?.interval?.high ?? 0))).toBeCloseTo(
          0,
          6,
        );
      },
    ),
  );
});

test.each([3, 5])("19 of 20 intervals of %i rounds hold the true ratio", (size) => {
  const random = seeded(`coverage/${String(size)}`);
  const noise = (): number => Math.exp(0.2 * normalQuantile(random.next() || 0.5, 0, 1));
  const runs = 2000;
  let held = 0;
  for (let run = 0; run < runs; run += 1) {
    const rounds = Array.from({ length: size }, () => ({
      value: 0.4 * noise(),
      reference: noise(),
    }));
    const interval = pairedRatio(rounds)?.interval;
    if (interval != null && interval.low <= 0.4 && interval.high >= 0.4) held += 1;
  }
  // Four standard errors of such a share: 0.02.
  expect(Math.abs(held / runs - 0.95)).toBeLessThan(0.02);
});
