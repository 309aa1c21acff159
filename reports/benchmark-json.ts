/**
 * A run for benchmark trackers: the `customSmallerIsBetter` input of github-action-benchmark, which others read too.
 */
import { formatInterval } from "../harness/core/statistics.ts";
import type { ArmSummary, Summary } from "../harness/core/summary.ts";
import { count } from "../harness/core/units.ts";
import { durationText } from "./arm-columns.ts";
import { engineOfArm } from "./engine-of-arm.ts";
import { jsonText } from "./json-text.ts";
import { printable } from "./printable.ts";

interface Entry {
  /** The same in every run: a tracker draws one line a name. */
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range: string;
  readonly extra: string;
}

/** Beyond the third decimal there is only noise in a diff. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const fingerprint = (summary: Summary, arm: ArmSummary): string => {
  const { run, simulated } = summary;
  const engine = engineOfArm(summary, arm);
  return `${simulated ? "SIMULATED; " : ""}run ${run}, engine ${engine.version}, ${engine.architecture}, kernel ${engine.kernel}`;
};

/** Nothing for what was not measured: a 0 would be the best value there is. */
const entriesOf = (
  { id, waves, burst, failureRate }: ArmSummary,
  where: string,
): readonly Entry[] => {
  const finished = `${String(waves.finished)} of ${count(waves.planned, "wave")}`;
  return [
    ...(failureRate === null
      ? []
      : [
          {
            name: `${id}: failure rate`,
            unit: "%",
            value: rounded(failureRate.value * 100),
            range: `${formatInterval(failureRate)}, Wilson 95 %`,
            extra: `${String(failureRate.failed)} of ${count(failureRate.of, "job")} in ${finished}; ${where}`,
          },
        ]),
    ...(burst === null
      ? []
      : [
          {
            name: `${id}: burst, median`,
            unit: "s",
            value: rounded(burst.median / 1000),
            range: `${durationText(burst.min)}–${durationText(burst.max)}`,
            extra: `${finished}; ${where}`,
          },
        ]),
  ];
};

export const benchmarkJson = (summary: Summary): string => {
  const entries = summary.arms.flatMap((arm) => entriesOf(arm, fingerprint(summary, arm)));
  return jsonText(
    entries.map(({ name, extra, ...rest }) => ({
      name: printable(name),
      ...rest,
      extra: printable(extra),
    })),
  );
};
