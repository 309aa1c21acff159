/**
 * The nights that are kept, by what each of them left beside its journal.
 */
import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { nightSchema, type Night } from "../../core/nightly/night.ts";
import type { RunRecord } from "../../core/run-record.ts";
import { writeReport } from "../run-directory.ts";
import { jsonText } from "../../../reports/json-text.ts";

/** Marks a run as one that `stress nightly` made, and may remove. */
const NIGHT_FILE = "nightly.json";

/** What the night came to of which this run is a part; null for a run that no night made. */
export const nightOf = (out: string, { directory }: Pick<RunRecord, "directory">): Night | null => {
  const path = join(resolve(out), directory, NIGHT_FILE);
  if (!existsSync(path)) return null;
  try {
    const parsed = nightSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
};

/** Beside the journals of both its runs. @throws StressError("output") */
export const keepNight = (out: string, night: Night): void => {
  for (const run of [night.run, night.confirmation]) {
    if (run !== null) writeReport(join(resolve(out), run), NIGHT_FILE, jsonText(night));
  }
};

const isPlainDirectory = (path: string): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true;
};

/** A night with the records of its runs. */
interface KeptNight {
  readonly night: Night;
  readonly runs: readonly RunRecord[];
}

const nightsIn = (out: string, records: readonly RunRecord[]): readonly KeptNight[] => {
  const nights = new Map<string, { night: Night; runs: RunRecord[] }>();
  for (const record of records) {
    const night = nightOf(out, record);
    // A directory that was copied to another name is somebody's own.
    if (night === null || record.directory !== record.run) continue;
    const kept = nights.get(night.run) ?? { night, runs: [] };
    nights.set(night.run, kept);
    kept.runs.push(record);
  }
  return [...nights.values()];
};

/** Runs of nights with a confirmed regression. */
export const regressedRuns = (out: string, records: readonly RunRecord[]): ReadonlySet<string> =>
  new Set(
    nightsIn(out, records)
      .filter(({ night }) => night.regression === "confirmed")
      .flatMap(({ runs }) => runs.map(({ run }) => run)),
  );

/**
 * Removes the runs of all nights but the last so many. What no night made is nobody's to remove here; nights with a
 * confirmed regression stay, and so does what a night is compared with.
 *
 * @param records - oldest first
 * @param needed - runs that stay whatever their age
 * @returns the runs that are gone
 */
export const removeOldNights = (
  out: string,
  records: readonly RunRecord[],
  { keep, needed }: { readonly keep: number; readonly needed: ReadonlySet<string> },
): readonly string[] => {
  const nights = nightsIn(out, records);
  const old = nights
    .slice(0, Math.max(0, nights.length - keep))
    .filter(
      ({ night, runs }) =>
        night.regression !== "confirmed" && !runs.some(({ run }) => needed.has(run)),
    );
  return old.flatMap(({ runs }) =>
    runs.flatMap(({ run }) => {
      const directory = join(resolve(out), run);
      if (!isPlainDirectory(directory)) return [];
      rmSync(directory, { recursive: true, force: true });
      return [run];
    }),
  );
};
