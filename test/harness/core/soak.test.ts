import { expect, test } from "vitest";
import type { Event } from "../../../harness/core/events.ts";
import { UNCOUNTED, type Counter, type Counters } from "../../../harness/core/evidence.ts";
import { history } from "../../../harness/core/history.ts";
import { soak, type SoakTrend } from "../../../harness/core/soak.ts";
import { arm, journalOf } from "./history.ts";

/** A run of as many waves, with what was read after each. */
const run = (readings: readonly Partial<Counters>[]): readonly SoakTrend[] => {
  const waves = readings.map(() => ({ arm: "ports" }));
  const events = journalOf({ arms: [arm("ports", 1)], waves }).map((event): Event => {
    if (event.event !== "wave.ended") return event;
    return { ...event, counters: { ...UNCOUNTED, ...readings[event.wave - 1] } };
  });
  return soak(history(events));
};

const trendOf = (trends: readonly SoakTrend[], counter: Counter): SoakTrend | undefined =>
  trends.find((trend) => trend.counter === counter);

const waves = (amount: number, read: (wave: number) => Partial<Counters>) =>
  Array.from({ length: amount }, (_, index) => read(index + 1));

test("two descriptors a wave are a leak after eight waves", () => {
  const found = trendOf(
    run(waves(8, (wave) => ({ daemonFileDescriptors: 40 + 2 * wave, bridges: 1 }))),
    "daemonFileDescriptors",
  );
  expect(found).toMatchObject({ waves: 8, first: 42, last: 56, slope: 2, low: 2, high: 2 });
  expect(found?.verdict).toBe("grows");
});

test("seven waves are too few, however steep", () => {
  const [found] = run(waves(7, (wave) => ({ veths: 10 * wave })));
  expect(found).toMatchObject({ slope: 10, p: null, verdict: "too few waves" });
});

test("a single wave has a reading and no slope", () => {
  const [found] = run(waves(1, () => ({ veths: 3 })));
  expect(found).toEqual({
    counter: "veths",
    profile: null,
    waves: 1,
    first: 3,
    last: 3,
    slope: null,
    low: null,
    high: null,
    p: null,
    verdict: "too few waves",
  });
});

test("noise, rest and decline do not grow", () => {
  const trends = run(
    waves(20, (wave) => ({
      conntrackEntries: 100 + ((wave * 7919) % 23),
      bridges: 1,
      daemonThreads: 60 - wave,
    })),
  );
  expect(trends.map(({ counter, verdict }) => [counter, verdict])).toEqual([
    ["bridges", "no growth shown"],
    ["conntrackEntries", "no growth shown"],
    ["daemonThreads", "no growth shown"],
  ]);
});

test("warming up once is no growth", () => {
  const [found] = run(waves(20, (wave) => ({ daemonThreads: wave === 1 ? 14 : 31 })));
  expect(found).toMatchObject({ slope: 0, verdict: "no growth shown" });
});

test("the more counters are asked about, the more it takes", () => {
  const rising = waves(8, (wave) => ({ veths: [1, 2, 1, 3, 2, 4, 3, 5][wave - 1] ?? 0 }));
  const [alone] = run(rising);
  const among = trendOf(run(rising.map((read) => ({ ...read, bridges: 1, natRules: 9 }))), "veths");
  expect(among?.p).toBeCloseTo(3 * (alone?.p ?? 0), 12);
});

test("counters that could not be read are left out, and so are waves of old journals", () => {
  expect(run(waves(9, () => ({})))).toEqual([]);
  expect(soak(history(journalOf({ arms: [arm("ports", 1)], waves: [{ arm: "ports" }] })))).toEqual(
    [],
  );
});

test("a series of thousands keeps its first and last reading and its slope", () => {
  const [found] = run(waves(2500, (wave) => ({ forwards: wave })));
  expect(found).toMatchObject({ waves: 2500, first: 1, last: 2500, slope: 1, verdict: "grows" });
});
