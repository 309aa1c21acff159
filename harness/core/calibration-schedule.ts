/**
 * Which fault comes in which wave of a calibration: seeded, mixed, with waves in which nothing happens, and with
 * waves whose jobs fail by each other, which must be laid to no fault.
 */
import { StressError } from "./errors.ts";
import type { Mode } from "./model.ts";
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

/**
 * `ports-block`: ports that are asked for by number are never tried again, so what holds one is met. `ports`: the
 * daemon chooses, and some versions go round what is taken. `ports-fixed`: the control, all jobs ask for one port.
 */
export const CALIBRATED_MODES = [
  "ports-block",
  "ports",
  "ports-fixed",
] as const satisfies readonly Mode[];
type CalibratedMode = (typeof CALIBRATED_MODES)[number];

/** The nemeses of one wave in each mode. */
export type CalibratedBlock = Readonly<Record<CalibratedMode, readonly Nemesis[]>>;

export interface ScheduleRequest {
  /** How many are to be met in all, at least 1. */
  readonly faults: number;
  readonly seed: string;
  /** At least one. */
  readonly kinds: readonly CalibratedKind[];
  /** Jobs of every wave; at most two thirds of them are hit where a fault hits one job. */
  readonly jobs: number;
  /** How long the daemon is stopped: longer than a call's deadline, by what calls may be late. */
  readonly pauseSeconds: number;
  /** How many ports that it chooses itself the daemon tries before a job fails: all of them must be taken. */
  readonly attempts: number;
}

/** Faults that hit every job of their wave have it to themselves, and there is one for so many of the others. */
const OTHERS_PER_EXHAUSTION = 100;

/** Of the faults that take a port, so many are in ports that the daemon chooses. */
const DYNAMIC_SHARE = 1 / 4;

/** One wave without a fault for so many with some, and one at least. */
const WAVES_PER_CONTROL = 5;

/** `ephemeral` is `outbound` where it is in a job's way at all. */
const CALIBRATED_OCCUPANTS = OCCUPANTS.filter((by) => by !== "ephemeral");

/** Each fault by itself; `occupy` has four faces. */
const facesOf = (kind: CalibratedKind): readonly Nemesis[] => {
  switch (kind) {
    case "occupy":
      return CALIBRATED_OCCUPANTS.map((by) => ({ kind, ports: 1, by }));
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

/** The same request gives the same schedule. Each block has a wave of each mode; an empty one is a control. */
export const calibrationSchedule = (request: ScheduleRequest): readonly CalibratedBlock[] => {
  const { faults, seed, kinds, jobs, pauseSeconds, attempts } = request;
  const random = seeded(`${seed}/calibration`);
  const faces = shuffled(kinds.flatMap(facesOf), random);
  const alone: Nemesis[] = [];
  if (kinds.includes("slow-daemon")) alone.push({ kind: "slow-daemon", seconds: pauseSeconds });
  if (kinds.includes("exhaust-subnets")) {
    const waves = Math.max(1, Math.round(faults / OTHERS_PER_EXHAUSTION));
    alone.push(...Array.from({ length: waves }, (): Nemesis => ({ kind: "exhaust-subnets" })));
  }
  // Where there is nothing else, the faults that stand alone are repeated.
  const whole = faces.length === 0 ? repeated(alone, faults) : alone.slice(0, faults);
  const others = faults - whole.length;
  const takers = faces.flatMap((face) => ("ports" in face ? [{ ...face, ports: attempts }] : []));
  // Jobs share what is taken among them as it comes: only if there is enough for all does each of them fail.
  const taken =
    takers.length === 0
      ? []
      : Array.from({ length: Math.round((others * DYNAMIC_SHARE) / jobs) }, () =>
          together(repeated(takers, jobs)),
        );
  const single = shuffled(repeated(faces, others - taken.length * jobs), random);
  const perWave = Math.max(1, Math.floor((2 * jobs) / 3));
  const block = chunks(single, perWave).map(together);
  const dynamic = [...whole.map((nemesis) => [nemesis]), ...taken];
  const struck = Math.max(block.length, dynamic.length);
  const length = struck + Math.max(1, Math.round(struck / WAVES_PER_CONTROL));
  const spread = (waves: readonly (readonly Nemesis[])[]): readonly (readonly Nemesis[])[] =>
    shuffled(
      Array.from({ length }, (_, index) => waves[index] ?? []),
      random,
    );
  const [inBlock, inDynamic] = [spread(block), spread(dynamic)];
  return inBlock.map((nemeses, index) => ({
    "ports-block": nemeses,
    ports: inDynamic[index] ?? [],
    "ports-fixed": [],
  }));
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
