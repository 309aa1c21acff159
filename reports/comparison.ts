/**
 * The arms of a run beside one another: which differ, and in what.
 */
import type { ComparedPair, Comparison } from "../harness/core/comparison/compare.ts";
import type { RateDifference } from "../harness/core/comparison/rate-difference.ts";
import type { TimeDifference } from "../harness/core/comparison/time-difference.ts";
import { formatFineShare, formatPoints } from "../harness/core/units.ts";
import { durationText, NOTHING } from "./arm-columns.ts";
import { chanceText } from "./chance.ts";
import { left, right, type Table } from "./columns.ts";
import { escaped, list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

type Counted = RateDifference["arm"];

const ratesText = ({ arm, baseline }: RateDifference): string => {
  const one = ({ rate }: Counted): string =>
    rate === null
      ? NOTHING
      : `${formatFineShare(rate.value)} (${String(rate.failed)}/${String(rate.of)})`;
  return `${one(arm)} : ${one(baseline)}`;
};

/** `+25 (14 to 37.3)`, in points of a hundred. */
const pointsText = ({ difference }: RateDifference): string =>
  difference === null
    ? NOTHING
    : `${formatPoints(difference.value)} (${formatPoints(difference.low)} to ${formatPoints(difference.high)})`;

const effectText = ({ designEffect }: RateDifference): string =>
  designEffect === null ? NOTHING : designEffect.toFixed(1);

const wavesText = ({ arm, baseline }: RateDifference | TimeDifference): string =>
  `${String(arm.waves)}+${String(baseline.waves)}`;

const RATE_HEAD: Table["head"] = [
  left("arm"),
  left("against"),
  left("failures"),
  left("rates"),
  left("points (95 %)"),
  right("waves"),
  right("design effect"),
  right("p jobs"),
  right("p waves"),
  right("p"),
  right("p (Holm)"),
  left("verdict"),
];

const rateRow = (pair: ComparedPair, what: string, found: RateDifference): readonly string[] => [
  printable(pair.arm),
  printable(pair.baseline),
  printable(what),
  ratesText(found),
  pointsText(found),
  wavesText(found),
  effectText(found),
  chanceText(found.exactP),
  chanceText(found.waveP),
  chanceText(found.p),
  chanceText(found.adjustedP),
  found.verdict,
];

const TIME_HEAD: Table["head"] = [
  left("arm"),
  left("against"),
  left("time"),
  left("medians"),
  left("shift (95 %)"),
  right("waves"),
  right("p"),
  right("p (Holm)"),
  left("verdict"),
];

const shiftText = ({ shift }: TimeDifference): string => {
  if (shift === null) return NOTHING;
  const { value, interval } = shift;
  if (interval === null) return durationText(value);
  return `${durationText(value)} (${durationText(interval.low)} to ${durationText(interval.high)})`;
};

const medianText = (value: number | null): string =>
  value === null ? NOTHING : durationText(value);

const timeRow = (pair: ComparedPair, what: string, found: TimeDifference): readonly string[] => [
  printable(pair.arm),
  printable(pair.baseline),
  what,
  `${medianText(found.arm.median)} : ${medianText(found.baseline.median)}`,
  shiftText(found),
  wavesText(found),
  chanceText(found.p),
  chanceText(found.adjustedP),
  found.verdict,
];

const rateTable = ({ pairs }: Comparison): Table => ({
  head: RATE_HEAD,
  rows: pairs.flatMap((pair) => [
    rateRow(pair, "all", pair.failures),
    ...pair.classes.map((each) => rateRow(pair, each.class, each)),
  ]),
});

const hasBoth = ({ arm, baseline }: TimeDifference): boolean => arm.waves > 0 && baseline.waves > 0;

const timeTable = ({ pairs }: Comparison): Table => ({
  head: TIME_HEAD,
  rows: pairs.flatMap((pair) => [
    timeRow(pair, "burst", pair.burst),
    ...(hasBoth(pair.okTimes) ? [timeRow(pair, "OK jobs", pair.okTimes)] : []),
    ...(hasBoth(pair.failTimes) ? [timeRow(pair, "failed jobs", pair.failTimes)] : []),
  ]),
});

const sentences = ({ pairs }: Comparison): readonly string[] =>
  pairs.flatMap(({ arm, baseline, words }) =>
    words.map((each) => `${arm} against ${baseline}: ${each}`),
  );

const EXPLAINED =
  "Each arm stands against the first that differs from it in one thing. Points: arm less baseline, with an interval that " +
  "allows for waves that fail as a whole. Design effect: how many times as much the waves vary as they would with " +
  "independent jobs. P jobs: exact test stratified by block, as if jobs were independent. P waves: whole waves dealt anew " +
  "within their blocks. P: what decides, the larger of P jobs and of a test that divides by the design effect; of times, Mann " +
  "and Whitney's. Holm: corrected for all that is asked in a column of failures, of classes, or of times. Shift: Hodges and " +
  "Lehmann's. Times of jobs: the median of each wave is one value. Unknown: too few waves to show any difference, or any among so many questions.";

/** For the terminal: a sentence for each thing that can be said; nothing where there is nothing to compare. */
export const comparisonText = (comparison: Comparison, paint: Paint): string => {
  const lines = sentences(comparison);
  if (lines.length === 0) return "";
  return [paint.dim("compared"), ...lines.map((line) => `- ${printable(line)}`), ""].join("\n");
};

/** For the report: sentences, then all numbers. */
export const comparisonMarkdown = (comparison: Comparison): readonly string[] => {
  if (comparison.pairs.length === 0) return [];
  return [
    "## Arms compared",
    list(sentences(comparison)),
    tableOf(rateTable(comparison)),
    tableOf(timeTable(comparison)),
    escaped(EXPLAINED),
  ];
};
