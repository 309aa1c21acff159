/**
 * Which fault comes in which wave of a calibration: seeded, mixed, and with waves in which nothing happens.
 */
import { StressError } from "./errors.ts";
import { NEMESIS_KINDS, OCCUPANTS, type Nemesis } from "./nemesis.ts";
import { seeded, shuffled } from "./random.ts";

/** Those that a run survives: what it ends by cannot be scored twenty times. */
export const CALIBRATED_KINDS = [
  "occupy",
  "second-engine",
  "name-clash",
  "exhaust-subnets",
  "slow-daemon",
] as const satisfies readonly Nemesis["kind"][];
export type CalibratedKind = (typeof CALIBRATED_KINDS)[number];

export interface ScheduleRequest {
  /** How many in all, at least 1. */
  readonly faults: number;
  readonly seed: string;
  /** At least one. */
  readonly kinds: readonly CalibratedKind[];
  /** Jobs of every wave; at most two thirds of them are hit where a fault hits one job. */
  readonly jobs: number;
  /** How long the daemon is stopped: longer than a call's deadline, by what calls may be late. */
  readonly pauseSeconds: number;
}

/** Faults that hit every job of their wave have it to themselves, and there is one for so many of the others. */
const OTHERS_PER_EXHAUSTION = 100;

/** One wave without a fault for so many with some, and one at least. */
const WAVES_PER_CONTROL = 5;

/** Each fault by itself; `occupy` has four faces. */
const facesOf = (kind: CalibratedKind): readonly Nemesis[] => {
  switch (kind) {
    case "occupy":
      return OCCUPANTS.map((by) => ({ kind, ports: 1, by }));
    case "second-engine":
      return [{ kind, ports: 1 }];
    case "name-clash":
      return [{ kind }];
    case "exhaust-subnets":
    case "slow-daemon":
      return [];
  }
};

/** The same trouble said once: a strike of one nemesis with three ports, not of three with one. */
const together = (nemeses: readonly Nemesis[]): readonly Nemesis[] => {
  const merged: Nemesis[] = [];
  for (const nemesis of nemeses) {
    const at = merged.findIndex(
      (each) =>
        each.kind === nemesis.kind &&
        (nemesis.kind !== "occupy" || (each.kind === "occupy" && each.by === nemesis.by)),
    );
    const before = merged[at];
    if (before !== undefined && "ports" in before && "ports" in nemesis) {
      merged[at] = { ...before, ports: before.ports + nemesis.ports };
    } else {
      merged.push(nemesis);
    }
  }
  return merged;
};

const chunks = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

const repeated = <Item>(items: readonly Item[], length: number): readonly Item[] =>
  items.length === 0
    ? []
    : Array.from({ length: Math.ceil(length / items.length) }, () => items)
        .flat()
        .slice(0, length);

/**
 * The nemeses of each wave, in order; an empty wave is a control. The same request gives the same schedule.
 */
export const calibrationSchedule = (request: ScheduleRequest): readonly (readonly Nemesis[])[] => {
  const { faults, seed, kinds, jobs, pauseSeconds } = request;
  const random = seeded(`${seed}/calibration`);
  const faces = kinds.flatMap(facesOf);
  const alone: Nemesis[] = [];
  if (kinds.includes("slow-daemon")) alone.push({ kind: "slow-daemon", seconds: pauseSeconds });
  if (kinds.includes("exhaust-subnets")) {
    const waves = Math.max(1, Math.round(faults / OTHERS_PER_EXHAUSTION));
    alone.push(...Array.from({ length: waves }, (): Nemesis => ({ kind: "exhaust-subnets" })));
  }
  // Where there is nothing else, the faults that stand alone are repeated.
  const whole = faces.length === 0 ? repeated(alone, faults) : alone.slice(0, faults);
  const single = shuffled(repeated(shuffled(faces, random), faults - whole.length), random);
  const perWave = Math.max(1, Math.floor((2 * jobs) / 3));
  const struck = [...whole.map((nemesis) => [nemesis]), ...chunks(single, perWave).map(together)];
  const controls = Math.max(1, Math.round(struck.length / WAVES_PER_CONTROL));
  return shuffled([...struck, ...Array.from({ length: controls }, () => [])], random);
};

/** `occupy,name-clash`; @throws StressError("usage") for a kind that cannot be calibrated */
export const parseKinds = (names: readonly string[]): readonly CalibratedKind[] =>
  names.map((name) => {
    const kind = CALIBRATED_KINDS.find((each) => each === name);
    if (kind !== undefined) return kind;
    const why = NEMESIS_KINDS.some((each) => each === name)
      ? "ends the run, so it cannot be counted"
      : "is not a nemesis";
    throw new StressError(
      "usage",
      `--only: "${name}" ${why}; it takes ${CALIBRATED_KINDS.join(", ")}`,
    );
  });
