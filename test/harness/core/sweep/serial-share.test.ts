import { expect, test } from "vitest";
import { seeded } from "../../../../harness/core/random.ts";
import { burstTimes, type WaveTimes } from "../../../../harness/core/sweep/serial-share.ts";

const NS = [1, 2, 4, 8, 16, 32, 64];

/**
 * What a machine of one mutex does: each job has a second to itself and this long under the mutex, in turn, of which
 * the first part is `network.create`. Each wave is off by a few percent.
 */
const queue = (
  { mutex, create }: { readonly mutex: number; readonly create: number },
  ns: readonly number[] = NS,
): readonly WaveTimes[] => {
  const random = seeded("queue");
  return ns.flatMap((n) =>
    [1, 2, 3].map(() => {
      const luck = 0.97 + 0.06 * random.next();
      const waits = Array.from({ length: n }, (_, ahead) => (ahead + 1) * create);
      return {
        n,
        failed: 0,
        burst: luck * (1000 + n * mutex),
        networkCreate: (luck * waits.reduce((a, b) => a + b, 0)) / n,
      };
    }),
  );
};

test("of a queue with a known mutex, its share and what each call holds are found again", () => {
  const found = burstTimes(queue({ mutex: 250, create: 40 }), "seed");
  expect(found).toMatchObject({ waves: 21, leftOut: 0 });
  expect(found?.first).toBeCloseTo(1250, -2);
  expect(found?.perJob.value).toBeCloseTo(250, -1);
  expect(found?.share.value).toBeCloseTo(0.2, 2);
  expect(found?.share.low).toBeLessThan(0.2);
  expect(found?.share.high).toBeGreaterThan(0.2);
  expect(found?.networkCreate?.value).toBeCloseTo(40, 0);
  expect(found?.bend?.p).toBeGreaterThan(0.05);
});

test("the same seed draws the same intervals", () => {
  const waves = queue({ mutex: 250, create: 40 });
  expect(burstTimes(waves, "a")).toEqual(burstTimes(waves, "a"));
});

test("a share is between nothing and all, whatever the line does", () => {
  const share = (burst: (n: number) => number): number | undefined =>
    burstTimes(
      NS.map((n) => ({ n, failed: 0, burst: burst(n), networkCreate: null })),
      "seed",
    )?.share.value;
  expect(share((n) => 1000 - n)).toBe(0);
  expect(share((n) => 10 * n ** 2)).toBe(1);
  expect(share((n) => 10 * n)).toBeCloseTo(1, 9);
});

test("waves in which a job failed are left out", () => {
  const waves = queue({ mutex: 250, create: 40 });
  const timedOut = [32, 64].map((n) => ({ n, failed: 2, burst: 60_000, networkCreate: null }));
  const { leftOut, ...found } = burstTimes([...waves, ...timedOut], "seed") ?? {};
  expect(leftOut).toBe(2);
  expect({ leftOut: 0, ...found }).toEqual(burstTimes(waves, "seed"));
});

test("where a line is level while processors are idle and then steep, both are told", () => {
  const waves = NS.flatMap((n) =>
    [0, 1, 2].map((wave) => ({
      n,
      failed: 0,
      burst: Math.max(2000, 200 * n) * (1 + wave / 100),
      networkCreate: null,
    })),
  );
  const found = burstTimes(waves, "seed");
  expect(found?.bend).toMatchObject({ direction: "up", at: 8 });
  expect(found?.bend?.p).toBeLessThan(0.05);
  expect(found?.bend?.before).toBeLessThan(20);
  expect(found?.bend?.after).toBeGreaterThan(150);
  expect(found?.networkCreate).toBeNull();
});

test("one number of jobs has no line, and one wave of each of a few has no interval", () => {
  expect(burstTimes(queue({ mutex: 250, create: 40 }, [8]), "seed")).toBeNull();
  expect(burstTimes([], "seed")).toBeNull();
  const few = [1, 8, 16].map((n) => ({ n, failed: 0, burst: 1000 + n, networkCreate: null }));
  expect(burstTimes(few, "seed")).toMatchObject({
    share: { low: null, high: null },
    bend: null,
  });
});
