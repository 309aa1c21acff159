import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "../../../../harness/core/random.ts";
import { POLLING, pollTimes } from "../../../../harness/core/runners/polling.ts";

const secondsOf = (times: readonly number[]): readonly number[] => times.map((time) => time / 1000);

test("actions/runner asks near 0, 2, 6, 14, 30 and 62 s, then every 32 s", () => {
  const always = { next: () => 0.5, below: () => 0 };
  expect(secondsOf(pollTimes("github", { atMost: 8, random: always }))).toEqual([
    0, 2, 6, 14, 30, 62, 94, 126,
  ]);
});

test("whatever its jitter, each of its waits is within a fifth of that, and never over 32 s", () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const times = pollTimes("github", { atMost: 8, random: seeded(seed) });
      const waits = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000);
      const expected = [
        [2, 2],
        [3.6, 4.4],
        [6.8, 9.2],
        [13.2, 18.8],
        [26, 32],
        [32, 32],
        [32, 32],
      ];
      for (const [index, [least = 0, most = 0]] of expected.entries()) {
        expect(waits[index]).toBeGreaterThanOrEqual(least - 1e-9);
        expect(waits[index]).toBeLessThanOrEqual(most + 1e-9);
      }
    }),
  );
});

test("two jobs of a wave do not ask in step, and a job repeated asks as it did", () => {
  const times = (seed: string) => pollTimes("github", { atMost: 5, random: seeded(seed) });
  expect(times("w1j1")).toEqual(times("w1j1"));
  expect(times("w1j1")).not.toEqual(times("w1j2"));
});

test("act asks at 0, 1, 3, 7, 15 s, then every 10 s, 31 times in all and within five minutes", () => {
  const times = secondsOf(pollTimes("act", { atMost: 100, random: seeded("") }));
  expect(times.slice(0, 7)).toEqual([0, 1, 3, 7, 15, 25, 35]);
  expect(times).toHaveLength(31);
  expect(times.at(-1)).toBeLessThan(300);
});

test("services are waited for one by one by github, and all at once by act", () => {
  expect(POLLING.github).toMatchObject({ order: "one-by-one", patience: null, mostPolls: null });
  expect(POLLING.act).toMatchObject({ order: "at-once", patience: 300_000, mostPolls: 31 });
});
