import { expect, test } from "vitest";
import {
  CALIBRATED_KINDS,
  calibrationSchedule,
  type CalibratedBlock,
  parseKinds,
  type ScheduleRequest,
} from "../../../harness/core/calibration-schedule.ts";
import { StressError } from "../../../harness/core/errors.ts";
import { OCCUPANTS, type Nemesis } from "../../../harness/core/nemesis.ts";

const request = (changes: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
  faults: 20,
  seed: "s",
  kinds: CALIBRATED_KINDS,
  jobs: 6,
  pauseSeconds: 10,
  attempts: 1,
  ...changes,
});

/** All waves, of whatever mode. */
const wavesOf = (schedule: readonly CalibratedBlock[]): readonly (readonly Nemesis[])[] =>
  schedule.flatMap((block) => Object.values(block));

const faultsIn = (nemeses: readonly Nemesis[]): number =>
  nemeses.reduce((sum, nemesis) => sum + ("ports" in nemesis ? nemesis.ports : 1), 0);

test.each([1, 2, 7, 20, 100, 1000])("%i faults are as many, whatever their kinds", (faults) => {
  for (const kinds of [
    CALIBRATED_KINDS,
    ["occupy"],
    ["slow-daemon"],
    ["name-clash", "exhaust-subnets"],
  ] as const) {
    const schedule = calibrationSchedule(request({ faults, kinds }));
    expect(faultsIn(wavesOf(schedule).flat()), kinds.join()).toBe(faults);
  }
});

test("twenty faults have every kind and every occupant among them, and a wave without any", () => {
  const schedule = calibrationSchedule(request());
  const names = new Set(
    wavesOf(schedule)
      .flat()
      .map((each) => (each.kind === "occupy" ? each.by : each.kind)),
  );
  expect(names).toEqual(
    new Set([
      ...OCCUPANTS.filter((by) => by !== "ephemeral"),
      ...CALIBRATED_KINDS.filter((kind) => kind !== "occupy"),
    ]),
  );
  expect(schedule.map((block) => block["ports-block"])).toContainEqual([]);
  expect(schedule.map((block) => block.ports)).toContainEqual([]);
});

test("what hits every job has its wave to itself; what hits one leaves a third of the jobs alone", () => {
  for (const { ports, ...block } of calibrationSchedule(request({ faults: 300, jobs: 9 }))) {
    expect(faultsIn(block["ports-block"])).toBeLessThanOrEqual(6);
    if (ports.some(({ kind }) => kind === "exhaust-subnets" || kind === "slow-daemon")) {
      expect(faultsIn(ports)).toBe(1);
    }
  }
});

test("where the daemon chooses ports, as many are taken as all jobs together try", () => {
  const schedule = calibrationSchedule(request({ attempts: 10 }));
  const taken = schedule.map(({ ports }) => faultsIn(ports.filter((each) => "ports" in each)));
  expect(taken.toSorted((a, b) => b - a).slice(0, 2)).toEqual([60, 0]);
  const many = calibrationSchedule(request({ faults: 1000, jobs: 48 }));
  const dynamic = many.map(({ ports }) => faultsIn(ports.filter((each) => "ports" in each)));
  expect(dynamic.reduce((a, b) => a + b)).toBe(5 * 48);
});

test("no fault comes where all jobs ask for the same port: what fails there must be laid to none", () => {
  const schedule = calibrationSchedule(request());
  expect(schedule.flatMap((block) => block["ports-fixed"])).toEqual([]);
});

test("the same seed gives the same schedule, another seed another", () => {
  expect(calibrationSchedule(request())).toEqual(calibrationSchedule(request()));
  expect(calibrationSchedule(request({ seed: "t" }))).not.toEqual(calibrationSchedule(request()));
});

test.each([
  ["kill-daemon", "ends the run"],
  ["kill-runner", "ends the run"],
  ["occupy:3", "is not a nemesis"],
])("--only %s is refused: it %s", (name, words) => {
  expect(() => parseKinds([name])).toThrow(StressError);
  expect(() => parseKinds([name])).toThrow(words);
});
