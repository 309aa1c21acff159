/**
 * Runs beside one another: one table a metric, arms as rows, runs as columns, and `~` where nothing is shown.
 */
import {
  runComparisonSchema,
  type RunCell,
  type RunComparison,
} from "../harness/core/comparison/compare-runs.ts";
import type { Decision } from "../harness/core/comparison/decision.ts";
import { formatChance, formatFineShare, formatPoints } from "../harness/core/units.ts";
import { durationText, NOTHING, spreadText } from "./arm-columns.ts";
import { columns, left, type Table } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const rateText = ({ failures }: RunCell): string =>
  failures === null
    ? NOTHING
    : `${formatFineShare(failures.value)} (${String(failures.failed)}/${String(failures.of)})`;

/** Waves of the arm in this run and in the first. */
interface Waves {
  readonly arm: { readonly waves: number };
  readonly baseline: { readonly waves: number };
}

const sampleSize = ({ arm, baseline }: Waves): string =>
  `n=${String(baseline.waves)}+${String(arm.waves)}`;

/** `+12.5 (p=0.0042 n=3+3)`; `~` where nothing is shown, `?` where nothing could be. */
const deltaText = (found: (Decision & Waves) | null, size: () => string): string => {
  if (found === null) return NOTHING;
  const n = sampleSize(found);
  if (found.adjustedP === null) return `? (${n})`;
  const p = formatChance(found.adjustedP).replace("< ", "<");
  const chance = `(p${p.startsWith("<") ? p : `=${p}`} ${n})`;
  switch (found.verdict) {
    case "differs":
      return `${size()} ${chance}`;
    case "no difference shown":
      return `~ ${chance}`;
    case "unknown":
      return `? ${chance}`;
  }
};

const pointsText = ({ failuresAgainst }: RunCell): string =>
  deltaText(
    failuresAgainst,
    () => `${formatPoints(failuresAgainst?.difference?.value ?? 0)} points`,
  );

/** As a share of the first run's median, as benchstat does. */
const shiftText = ({ burstAgainst }: RunCell): string =>
  deltaText(burstAgainst, () => {
    const shift = burstAgainst?.shift?.value ?? 0;
    const before = burstAgainst?.baseline.median ?? 0;
    const sign = shift > 0 ? "+" : "";
    const share = before === 0 ? "" : ` (${formatPoints(shift / before)} %)`;
    return `${sign}${durationText(shift)}${share}`;
  });

interface Metric {
  readonly title: string;
  readonly value: (cell: RunCell) => string;
  readonly delta: (cell: RunCell) => string;
}

const METRICS: readonly Metric[] = [
  { title: "failure rate", value: rateText, delta: pointsText },
  { title: "burst", value: ({ burst }) => spreadText(burst), delta: shiftText },
];

const tableOf = ({ runs, arms }: RunComparison, { title, value, delta }: Metric): Table => ({
  head: [
    left(title),
    ...runs.flatMap(({ run }, index) => [
      left(printable(run)),
      ...(index === 0 ? [] : [left("against the first")]),
    ]),
  ],
  rows: arms.map(({ id, runs: cells }) => [
    printable(id),
    ...cells.flatMap((cell, index) => [
      cell === null ? NOTHING : value(cell),
      ...(index === 0 ? [] : [cell === null ? NOTHING : delta(cell)]),
    ]),
  ]),
});

const EXPLAINED =
  "~: no difference shown. ?: too few waves to show any: a rate takes 3 of each, a time 4, and both more where a table " +
  "asks about many. n: waves of the first run and of this one. p: corrected (Holm) for all that is asked in a table.";

/** What `stress compare` prints. */
export const runComparisonText = (comparison: RunComparison, paint: Paint): string => {
  const tables = METRICS.map((metric) => {
    const [titles = "", ...lines] = columns(tableOf(comparison, metric));
    return `${[paint.dim(titles), ...lines].join("\n")}\n`;
  });
  const warnings = comparison.warnings.map((each) => `- ${printable(each)}\n`).join("");
  return [...tables, warnings, `${paint.dim(EXPLAINED)}\n`].join("\n");
};

/** The comparison as schema `stress.comparison/1`. */
export const runComparisonJson = (comparison: RunComparison): string =>
  jsonText(runComparisonSchema.parse(comparison));
