/**
 * Which runs stand for what is usual.
 */
import { sameFingerprint } from "../fingerprint.ts";
import type { RunRecord } from "../run-record.ts";

/** Why a run is no baseline for another; null where it may be one. */
export const unfit = (candidate: RunRecord, tonight: RunRecord): string | null => {
  if (candidate.ended !== "completed") return `it did not run to its end (${candidate.ended})`;
  if (candidate.simulated !== tonight.simulated) {
    return candidate.simulated ? "it was simulated" : "it was not simulated";
  }
  if (candidate.trouble.join(" ") !== tonight.trouble.join(" ")) {
    return "it had other trouble made on purpose";
  }
  if (!sameFingerprint(candidate.fingerprint, tonight.fingerprint)) {
    return "its fingerprint is another one";
  }
  const arms = new Set(tonight.arms.map(({ id }) => id));
  if (!candidate.arms.some(({ id, waves }) => waves > 0 && arms.has(id))) {
    return "it has none of tonight's arms";
  }
  return null;
};

/**
 * The last so many that are fit, before tonight. Nights with a confirmed regression are none of them: they would make
 * it usual.
 *
 * @param records - oldest first
 */
export const lastNights = (
  records: readonly RunRecord[],
  tonight: RunRecord,
  { nights, regressed }: { readonly nights: number; readonly regressed: ReadonlySet<string> },
): readonly RunRecord[] =>
  records
    .filter(
      (record) =>
        record.startedAt < tonight.startedAt &&
        record.run !== tonight.run &&
        !regressed.has(record.run) &&
        unfit(record, tonight) === null,
    )
    .slice(-nights);
