/**
 * What recurs in the daemon's log and whether it goes with failure, for the terminal and for the report.
 */
import type { DaemonLog, Signal } from "../harness/core/signals.ts";
import { count } from "../harness/core/units.ts";
import { NOTHING } from "./arm-columns.ts";
import { chanceText } from "./chance.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { escaped, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable, shortened } from "./printable.ts";

/** Rows on the terminal and in the report; the summary has all of them. */
const MOST_ON_TERMINAL = 8;
const MOST_IN_REPORT = 40;

/** Room for the line itself. */
const TERMINAL_WIDTH = 70;
const REPORT_WIDTH = 240;

/** Levels at which a daemon tells of its work. */
const QUIET: ReadonlySet<string> = new Set(["trace", "debug", "info"]);

/** To one decimal above 1, else to two significant figures: 0.04 of a line is not none. */
const rateText = (rate: number | null): string =>
  rate === null
    ? NOTHING
    : rate >= 1 || rate === 0
      ? String(Math.round(rate * 10) / 10)
      : String(Number(rate.toPrecision(2)));

const ratioText = (value: number): string =>
  value >= 1000 ? "> 1000" : String(Number(value.toPrecision(2)));

const ofText = (having: number, lacking: number): string =>
  having + lacking === 0 ? NOTHING : `${String(having)}/${String(having + lacking)}`;

const HEAD: Table["head"] = [
  left("verdict"),
  left("level"),
  left("arm"),
  right("at N=1"),
  right("at N"),
  right("a start"),
  left("counted"),
  right("failed"),
  right("OK"),
  left("odds (95 %)"),
  right("p"),
  left("line"),
];

const rowOf = (signal: Signal, width: number): readonly string[] => {
  const { table, oddsRatio } = signal;
  const nobody =
    table.failedWith + table.failedWithout === 0 || table.okWith + table.okWithout === 0;
  return [
    signal.verdict,
    printable(signal.level ?? NOTHING),
    printable(signal.arm),
    rateText(signal.perJobAtOne),
    rateText(signal.perJobAtN),
    rateText(signal.perStart),
    signal.counted,
    ofText(table.failedWith, table.failedWithout),
    ofText(table.okWith, table.okWithout),
    nobody
      ? NOTHING
      : `${ratioText(oddsRatio.value)} (${ratioText(oddsRatio.low)}–${ratioText(oddsRatio.high)})`,
    nobody ? NOTHING : chanceText(signal.p),
    shortened(printable(signal.template), width),
  ];
};

const tableFor = (signals: readonly Signal[], width: number): Table => ({
  head: HEAD,
  rows: signals.map((signal) => rowOf(signal, width)),
});

const moreText = (all: readonly Signal[], most: number): readonly string[] =>
  all.length > most ? [`${count(all.length - most, "more recurring line")} in summary.json`] : [];

/** What says something of the failures; of the rest the report tells. */
const TELLING: ReadonlySet<Signal["verdict"]> = new Set([
  "associated",
  "constant",
  "not associated",
]);

/** On the terminal: what goes with failure, and complaints that are known not to. */
const isPressing = ({ level, verdict }: Signal): boolean =>
  verdict === "associated" || (TELLING.has(verdict) && (level === null || !QUIET.has(level)));

const leftOutText = ({ leftOut }: DaemonLog): readonly string[] =>
  leftOut === 0
    ? []
    : [`${count(leftOut, "line")} of the log were left out; rates are of what was kept`];

/** Empty where nothing recurs or there is no log. */
export const signalsText = (
  signals: readonly Signal[] | null,
  log: DaemonLog,
  paint: Paint,
): string => {
  const shown = (signals ?? []).filter(isPressing).slice(0, MOST_ON_TERMINAL);
  if (signals === null || shown.length === 0) return "";
  const [titles = "", ...lines] = columns(tableFor(shown, TERMINAL_WIDTH));
  return [
    paint.bold("daemon's log"),
    paint.dim(titles),
    ...lines,
    ...[...moreText(signals, shown.length), ...leftOutText(log)].map(paint.dim),
  ]
    .map((line) => `${line}\n`)
    .join("");
};

const EXPLAINED =
  "At N=1 and at N: lines a job. A start: lines a container start, where they go by starts and not by jobs. " +
  "Counted: jobs where the lines name their job, else waves; failed and OK: those of them that have the line. " +
  "Odds: of a failed one's having it over an OK one's, with Woolf's interval, one half added to each count where " +
  "one is zero (Haldane–Anscombe). p: Fisher's exact test, two-sided, after Holm's correction over all lines; jobs " +
  "of one wave are not independent, so it is a lower bound. Constant: at the same rate at N=1 and at N, with " +
  "failure and without. Failed jobs start fewer containers and have fewer lines of starts: that is no association.";

/** Why there is nothing to count in. */
const missingText = ({ waves, logged, asked }: DaemonLog): string => {
  if (!asked) return "The journal is of version 1 and holds no log";
  if (waves === 0) return "No wave was started";
  return logged === 0
    ? "It could not be read"
    : "No wave that has one came to the end of its burst";
};

/** Sections of the report; none where nothing recurs. */
export const signalsMarkdown = (
  signals: readonly Signal[] | null,
  log: DaemonLog,
): readonly string[] => {
  if (signals === null) {
    return ["## The daemon's log", `${missingText(log)}, so nothing is said of it.`];
  }
  if (signals.length === 0) return [];
  return [
    "## The daemon's log",
    tableOf(tableFor(signals.slice(0, MOST_IN_REPORT), REPORT_WIDTH)),
    EXPLAINED,
    ...[...moreText(signals, MOST_IN_REPORT), ...leftOutText(log)].map(
      (line) => `${escaped(line)}.`,
    ),
  ];
};
