import { expect, test } from "vitest";
import {
  confirmed,
  isWorse,
  pooled,
  regressions,
} from "../../../../harness/core/nightly/regression.ts";
import type { ArmSamples } from "../../../../harness/core/wave-sample.ts";
import { arm } from "../history.ts";

/** Waves of 16 jobs, told by how many failed and how long the burst took. */
const armOf = (waves: readonly (readonly [failed: number, burst: number])[]): ArmSamples => ({
  arm: arm("ports", 16),
  waves: waves.map(([failed, burst], index) => ({
    wave: index + 1,
    block: index + 1,
    jobs: 16,
    failed,
    classes: failed === 0 ? {} : { "port.already_allocated": failed },
    burst,
    okTimes: [burst],
    failTimes: [],
  })),
});

const steady = (failed: number, burst: number, waves = 6): ArmSamples =>
  armOf(Array.from({ length: waves }, (_, index) => [failed, burst + index] as const));

const found = (tonight: ArmSamples, baseline: ArmSamples, slower = 1.1) =>
  regressions([tonight], [baseline], { slower }).map(({ failuresAre, burstIs }) => ({
    failuresAre,
    burstIs,
  }));

test.each([
  {
    now: steady(0, 20_000),
    before: steady(0, 20_000),
    failuresAre: "not worse",
    burstIs: "not worse",
  },
  { now: steady(8, 20_000), before: steady(0, 20_000), failuresAre: "worse", burstIs: "not worse" },
  {
    now: steady(0, 20_000),
    before: steady(8, 20_000),
    failuresAre: "not worse",
    burstIs: "not worse",
  },
  { now: steady(0, 25_000), before: steady(0, 20_000), failuresAre: "not worse", burstIs: "worse" },
  {
    now: steady(0, 15_000),
    before: steady(0, 20_000),
    failuresAre: "not worse",
    burstIs: "not worse",
  },
  // Certainly longer, and by 5 % only.
  {
    now: steady(0, 21_000),
    before: steady(0, 20_000),
    failuresAre: "not worse",
    burstIs: "not worse",
  },
  { now: steady(8, 20_000, 2), before: steady(0, 20_000), failuresAre: "unknown" },
])("a night is held against the nights before: case %#", ({ now, before, ...expected }) => {
  expect(found(now, before)[0]).toMatchObject(expected);
});

test("2 of 16 against none is no regression, and one wave shows none", () => {
  expect(found(steady(2, 20_000, 1), steady(0, 20_000, 1))).toEqual([
    { failuresAre: "unknown", burstIs: "unknown" },
  ]);
});

test("an arm that the baseline does not have is not compared", () => {
  expect(regressions([steady(0, 1)], [], { slower: 1 })).toEqual([]);
});

test("nights are pooled arm by arm, with all their waves", () => {
  const together = pooled([[steady(0, 1, 3)], [steady(1, 2, 4)]]);
  expect(together.map(({ waves }) => waves.length)).toEqual([7]);
});

test("a regression is confirmed by the same arm in the same thing, and by nothing else", () => {
  const baseline = [steady(0, 20_000)];
  const oftener = regressions([steady(8, 20_000)], baseline, { slower: 1.1 });
  const longer = regressions([steady(0, 25_000)], baseline, { slower: 1.1 });
  const well = regressions([steady(0, 20_000)], baseline, { slower: 1.1 });
  expect(oftener.every(isWorse)).toBe(true);
  expect(confirmed(oftener, oftener)).toEqual(["ports"]);
  expect(confirmed(oftener, longer)).toEqual([]);
  expect(confirmed(oftener, well)).toEqual([]);
  expect(confirmed(longer, longer)).toEqual(["ports"]);
});
