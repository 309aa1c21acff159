/**
 * The nights of each arm: a table, a chart in a line of text, and where the series changed.
 */
import type { Change, NightCount } from "../harness/core/change-points.ts";
import { FEWEST_NIGHTS } from "../harness/core/change-points.ts";
import { differences } from "../harness/core/fingerprint.ts";
import type { ArmNights, Night, Nights } from "../harness/core/nights.ts";
import { formatInterval, wilson } from "../harness/core/statistics.ts";
import { count, formatShare } from "../harness/core/units.ts";
import { durationText } from "./arm-columns.ts";
import { chanceText } from "./chance.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Rows of a series; the chart has all nights, and so has the JSON. */
const MOST_ROWS = 30;
const MOST_LEFT_OUT = 10;

const BARS = "▁▂▃▄▅▆▇█";

/** One character a night. @param floor - what the lowest bar stands for */
const chart = (values: readonly number[], floor: number): string => {
  const top = values.reduce((a, b) => Math.max(a, b), floor);
  const step = (top - floor) / (BARS.length - 1);
  return values
    .map((value) => BARS[step === 0 ? 0 : Math.round((value - floor) / step)] ?? " ")
    .join("");
};

/** Below the chart, a mark under the first night of each new level; null without a change. */
const marks = (changes: readonly Change<unknown>[]): string | null => {
  const last = changes.at(-1);
  if (last === undefined) return null;
  const at = new Set(changes.map((change) => change.at));
  return Array.from({ length: last.at + 1 }, (_, night) => (at.has(night) ? "^" : " ")).join("");
};

const rateOf = ({ failed, of }: NightCount): number => failed / of;

/** `2026-11-21 04:00`, in UTC as everything that is written down. */
const dateText = (startedAt: string): string => printable(startedAt).slice(0, 16).replace("T", " ");

const HEAD: Table["head"] = [
  left(""),
  left("night (UTC)"),
  left("run"),
  right("waves"),
  right("failed"),
  left("failure rate (95 %)"),
  right("burst"),
];

const rowOf = (night: Night, isChange: boolean): readonly string[] => [
  isChange ? "→" : " ",
  dateText(night.startedAt),
  printable(night.run),
  String(night.waves),
  `${String(night.failed)} of ${String(night.of)}`,
  `${formatShare(rateOf(night))} (${formatInterval(wilson(night))})`,
  durationText(night.burst),
];

/** What the machine and its engine were, in a few words; the digest stands for all of it. */
const machineText = ({ arm, fingerprint, simulated, trouble }: ArmNights): string => {
  const { digest, fields } = fingerprint;
  const profile = arm.split("/")[0] ?? "";
  const engine = fields["engine"] ?? fields[`${profile}: engine`];
  const words = [
    ...(simulated ? ["SIMULATED"] : []),
    ...(engine === undefined ? [] : [`Engine ${engine}`]),
    ...(fields["kernel"] === undefined ? [] : [`kernel ${fields["kernel"]}`]),
    ...(fields["architecture"] === undefined ? [] : [fields["architecture"]]),
    ...(trouble.length === 0 ? [] : [`trouble on purpose: ${trouble.join(" ")}`]),
    `fingerprint ${digest}`,
  ];
  return words.map(printable).join(", ");
};

const changeText = <Level>(
  { nights }: ArmNights,
  changes: readonly Change<Level>[],
  { what, levelText }: { readonly what: string; readonly levelText: (level: Level) => string },
): readonly string[] =>
  changes.map(({ at, before, after, p }) => {
    const night = nights[at];
    const when =
      night === undefined ? "" : `${dateText(night.startedAt)} (${printable(night.run)})`;
    return `${what} changed with the night of ${when}: ${levelText(before)} before, ${levelText(after)} from then on (p ${chanceText(p).replace(/^(?!<)/, "= ")})`;
  });

const rateText = (level: NightCount): string =>
  `${formatShare(rateOf(level))} (${String(level.failed)} of ${String(level.of)})`;

const verdictLines = (series: ArmNights): readonly string[] => {
  const { nights } = series;
  if (nights.length < FEWEST_NIGHTS) {
    return [`no change is looked for in fewer than ${String(FEWEST_NIGHTS)} nights`];
  }
  const found = [
    ...changeText(series, series.rateChanges, { what: "the failure rate", levelText: rateText }),
    ...changeText(series, series.burstChanges, { what: "the burst time", levelText: durationText }),
  ];
  return found.length === 0
    ? [`no change shown in ${count(nights.length, "night")}, of failure rate or burst time`]
    : found;
};

const chartLines = ({ nights, rateChanges, burstChanges }: ArmNights): readonly string[] => {
  const rates = nights.map(rateOf);
  const bursts = nights.map(({ burst }) => burst);
  const [low, high] = [Math.min(...bursts), Math.max(...bursts)];
  const under = (changes: readonly Change<unknown>[]): readonly string[] => {
    const line = marks(changes);
    return line === null ? [] : [`         ${line}`];
  };
  return [
    `failed   ${chart(rates, 0)}  0 to ${formatShare(Math.max(...rates))}`,
    ...under(rateChanges),
    `burst    ${chart(bursts, low)}  ${durationText(low)} to ${durationText(high)}`,
    ...under(burstChanges),
  ];
};

const seriesText = (series: ArmNights, before: ArmNights | null, paint: Paint): string => {
  const { nights } = series;
  const changed = new Set([...series.rateChanges, ...series.burstChanges].map(({ at }) => at));
  const shown = nights.slice(-MOST_ROWS);
  const offset = nights.length - shown.length;
  const rows = shown.map((night, index) => rowOf(night, changed.has(index + offset)));
  const [titles = "", ...lines] = columns({ head: HEAD, rows });
  const verdicts = verdictLines(series);
  const isNews = changed.size > 0;
  return [
    paint.bold(printable(series.arm)),
    paint.dim(machineText(series)),
    ...(before === null
      ? []
      : differences(before.fingerprint, series.fingerprint)
          .slice(0, MOST_LEFT_OUT)
          .map((line) => `not the nights above: ${printable(line)}`)),
    paint.dim(titles),
    ...(offset === 0 ? [] : [`   … ${count(offset, "earlier night")}`]),
    ...lines,
    ...chartLines(series),
    ...verdicts.map((line) => (isNews ? paint.bad(line) : line)),
  ]
    .map((line) => `${line}\n`)
    .join("");
};

const leftOutText = ({ leftOut }: Nights): string => {
  if (leftOut.length === 0) return "";
  const named = leftOut
    .slice(-MOST_LEFT_OUT)
    .map(
      ({ run, ended }) => `${printable(run)} (${ended === "completed" ? "no such arm" : ended})`,
    );
  const more = leftOut.length - named.length;
  return `left out: ${named.join(", ")}${more === 0 ? "" : ` and ${String(more)} before`}\n`;
};

/** What `stress history` prints on stdout. */
export const historyText = (nights: Nights, paint: Paint): string => {
  const { series } = nights;
  const parts = series.map((each, index) => {
    const before = series.slice(0, index).findLast(({ arm }) => arm === each.arm);
    return seriesText(each, before ?? null, paint);
  });
  return [...parts, leftOutText(nights)].filter((part) => part !== "").join("\n");
};

/** The same as schema `stress.history/1`: durations in milliseconds, `at` the index of the first night of a level. */
export const historyJson = ({ series, leftOut }: Nights): string =>
  jsonText({
    schema: "stress.history/1",
    series,
    leftOut: leftOut.map(({ run, startedAt, ended }) => ({ run, startedAt, ended })),
  });
