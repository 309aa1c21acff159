import { expect, test } from "vitest";
import { seeded } from "../../../../harness/core/random.ts";
import {
  failureCurve,
  type FailureCurve,
  type WaveCount,
} from "../../../../harness/core/sweep/logistic.ts";

/** The same waves, so many times. */
const waves = (
  counts: readonly (readonly [n: number, failed: number])[],
  times: number,
): readonly WaveCount[] =>
  Array.from({ length: times }, () => counts.map(([n, failed]) => ({ n, failed }))).flat();

const rising = (curve: FailureCurve): Extract<FailureCurve, { kind: "rises" }> => {
  if (curve.kind === "rises") return curve;
  throw new Error(JSON.stringify(curve));
};

test("where the address pools run out after 30 jobs, N5 and N50 are where they are on the true curve", () => {
  const points = [1, 8, 16, 31, 40, 64].map((n) => [n, Math.max(0, n - 30)] as const);
  const { n5, n50, slope, p } = rising(failureCurve(waves(points, 3)));
  // 1 − 30 / N is 5 % at 31.6, and 50 % at 60.
  expect([n5.low, n5.high]).toSatisfy(([low, high]) => low < 31.6 && 31.6 < high);
  expect([n50.low, n50.high]).toSatisfy(([low, high]) => low < 60 && 60 < high);
  expect({ n5: n5.where, n50: n50.where }).toEqual({ n5: "within", n50: "within" });
  expect(slope).toBeGreaterThan(1);
  expect(p).toBeLessThan(0.001);
});

test("beyond the largest number measured, N50 is marked as an extrapolation", () => {
  const { n5, n50 } = rising(
    failureCurve(
      waves(
        [
          [1, 0],
          [8, 0],
          [31, 1],
          [40, 10],
        ],
        3,
      ),
    ),
  );
  expect(n5.where).toBe("within");
  expect(n50.where).toBe("above");
  expect(n50.n).toBeGreaterThan(40);
});

test("nothing up to some number and everything beyond is finite, and no surer than its waves", () => {
  const { n50, correlation } = rising(
    failureCurve(
      waves(
        [1, 2, 4, 8, 16, 32, 64].map((n) => [n, n > 30 ? n : 0]),
        3,
      ),
    ),
  );
  expect(correlation).toBe(1);
  expect(n50.n).toBeGreaterThan(16);
  expect(n50.n).toBeLessThan(32);
  // All that was seen is that it lies between the two.
  expect(n50.low).toBeLessThan(16);
  expect(n50.high).toBeGreaterThan(32);
});

test("waves that differ more than independent jobs would widen the interval", () => {
  const alike = waves(
    [
      [8, 1],
      [16, 8],
      [32, 28],
    ],
    4,
  );
  const apart = alike.map((wave, index) => {
    const moved = wave.failed + (index % 2 === 0 ? 1 : -1) * Math.floor(wave.n / 4);
    return { ...wave, failed: Math.min(wave.n, Math.max(0, moved)) };
  });
  const [narrow, wide] = [rising(failureCurve(alike)), rising(failureCurve(apart))];
  const width = ({ n50 }: typeof narrow): number => (n50.high ?? Infinity) - (n50.low ?? 0);
  expect(narrow.correlation).toBe(0);
  expect(wide.correlation).toBeGreaterThan(0.05);
  expect(width(wide)).toBeGreaterThan(1.5 * width(narrow));
});

test.each<[string, readonly WaveCount[], unknown]>([
  [
    "no failure at all",
    waves(
      [
        [1, 0],
        [64, 0],
      ],
      3,
    ),
    { kind: "none" },
  ],
  ["no wave", [], { kind: "none" }],
  [
    "failures only",
    waves(
      [
        [1, 1],
        [4, 4],
      ],
      3,
    ),
    { kind: "all" },
  ],
  ["one number of jobs", waves([[8, 3]], 5), { kind: "unclear", why: "one N", p: null }],
  [
    "one wave of each number",
    waves(
      [
        [1, 0],
        [8, 3],
        [16, 9],
      ],
      1,
    ),
    { kind: "unclear", why: "one wave each", p: null },
  ],
  [
    "one failure among hundreds",
    waves(
      [
        [1, 0],
        [32, 0],
        [64, 1],
      ],
      3,
    ).map((wave, index) => ({ ...wave, failed: index < 3 ? wave.failed : 0 })),
    { kind: "unclear", why: "no rise" },
  ],
  [
    "as many of few as of many",
    waves(
      [
        [4, 1],
        [16, 4],
        [64, 16],
      ],
      4,
    ),
    { kind: "unclear", why: "no rise" },
  ],
  [
    "fewer and fewer",
    waves(
      [
        [4, 4],
        [16, 8],
        [64, 4],
      ],
      4,
    ),
    { kind: "unclear", why: "no rise" },
  ],
])("of %s no N5 is told", (_, counts, expected) => {
  expect(failureCurve(counts)).toMatchObject(expected as object);
});

/** Waves of a sweep whose jobs fail with this probability, moved for each wave by this much on the logit's scale. */
const simulated = (
  rateAt: (n: number) => number,
  { seed, moved }: { readonly seed: string; readonly moved: number },
): readonly WaveCount[] => {
  const random = seeded(seed);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return [1, 2, 4, 8, 16, 32, 64].flatMap((n) =>
    [1, 2, 3].map(() => {
      const odds = (rateAt(n) / (1 - rateAt(n))) * Math.exp(moved * normal());
      const rate = odds / (1 + odds);
      return {
        n,
        failed: Array.from({ length: n }, () => random.next() < rate).filter(Boolean).length,
      };
    }),
  );
};

const SWEEPS = 40;

test.each([0, 1])(
  "in simulated sweeps with an N50 of 24 the interval holds it, jobs of a wave going together by %d",
  (moved) => {
    const held = Array.from({ length: SWEEPS }, (_, index) => {
      const seed = `held/${String(index)}`;
      const { n50 } = rising(
        failureCurve(simulated((n) => 1 / (1 + (24 / n) ** 2), { seed, moved })),
      );
      return (n50.low ?? 0) <= 24 && 24 <= (n50.high ?? Infinity);
    });
    // 95 % of 40 are 38; fewer than 34 would be chance in one of three hundred.
    expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(34);
  },
);

test("in simulated sweeps at whose every N one of ten fails, a rise is hardly ever seen", () => {
  const seen = Array.from({ length: SWEEPS }, (_, index) => {
    const curve = failureCurve(simulated(() => 0.1, { seed: `level/${String(index)}`, moved: 1 }));
    return curve.kind === "rises";
  });
  // 5 % of 40 are 2; more than 5 would be chance in one of seventy.
  expect(seen.filter(Boolean).length).toBeLessThanOrEqual(5);
});
