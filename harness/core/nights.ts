/**
 * Runs of one kind, night after night: each arm on each kind of machine as a series, and where it changed.
 */
import { rateChanges, timeChanges, type Change, type NightCount } from "./change-points.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { RunRecord } from "./run-record.ts";

/** Longer series are looked at from their end: what cuts a series best takes the square of its length. */
const MOST_NIGHTS = 400;

export interface Night extends NightCount {
  readonly run: string;
  readonly startedAt: string;
  readonly waves: number;
  /** Median over its waves, milliseconds. */
  readonly burst: number;
}

export interface ArmNights {
  readonly arm: string;
  readonly fingerprint: Fingerprint;
  readonly simulated: boolean;
  readonly trouble: readonly string[];
  /** Oldest first; at least one. */
  readonly nights: readonly Night[];
  readonly rateChanges: readonly Change<NightCount>[];
  readonly burstChanges: readonly Change<number>[];
}

export interface Nights {
  readonly series: readonly ArmNights[];
  /** Runs that are in no series: they were cut off, or have no wave of a chosen arm that ran to its end. */
  readonly leftOut: readonly RunRecord[];
}

/** `n16`, `ports/n16`, `ports/n16/retry:3`: every part must be a part of the id. None: every arm. */
const isChosen = (arm: string, selector: string | null): boolean => {
  if (selector === null || selector === "*" || selector === arm) return true;
  const parts = arm.split("/");
  return selector.split("/").every((part) => parts.includes(part));
};

/** What must be the same for two nights to be of one series. */
const kindOf = ({ fingerprint, trouble }: RunRecord, arm: string): string =>
  JSON.stringify([arm, fingerprint.digest, trouble]);

/** @param records - oldest first */
export const nightsOf = (records: readonly RunRecord[], selector: string | null): Nights => {
  const found = new Map<string, { first: RunRecord; arm: string; nights: Night[] }>();
  const leftOut: RunRecord[] = [];
  for (const record of records) {
    const { run, startedAt } = record;
    const arms = record.arms.flatMap(({ burst, ...arm }) =>
      record.ended !== "completed" || burst === null || !isChosen(arm.id, selector)
        ? []
        : [{ ...arm, burst }],
    );
    if (arms.length === 0) leftOut.push(record);
    for (const { id, jobs, failed, waves, burst } of arms) {
      const kind = kindOf(record, id);
      const series = found.get(kind) ?? { first: record, arm: id, nights: [] };
      found.set(kind, series);
      series.nights.push({ run, startedAt, failed, of: jobs, waves, burst });
    }
  }
  const series = [...found.entries()].map(([kind, { first, arm, nights: all }]): ArmNights => {
    const nights = all.slice(-MOST_NIGHTS);
    const { fingerprint, simulated, trouble } = first;
    return {
      ...{ arm, fingerprint, simulated, trouble, nights },
      // The same nights are to give the same answer, whenever they are looked at.
      rateChanges: rateChanges(nights, kind),
      burstChanges: timeChanges(
        nights.map(({ burst }) => burst),
        kind,
      ),
    };
  });
  return { series, leftOut };
};
