/**
 * What grows from wave to wave, for the terminal and for the report.
 */
import type { Counter } from "../harness/core/evidence.ts";
import { FEWEST_WAVES, type SoakTrend } from "../harness/core/soak.ts";
import { count } from "../harness/core/units.ts";
import { NOTHING } from "./arm-columns.ts";
import { chanceText } from "./chance.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";

const NAMES: Readonly<Record<Counter, string>> = {
  listeningSockets: "listening sockets of the machine",
  forwards: "RootlessKit forwards",
  bridges: "bridges",
  veths: "veth interfaces",
  natRules: "NAT rules",
  conntrackEntries: "conntrack entries (they expire)",
  daemonThreads: "threads of dockerd",
  daemonFileDescriptors: "descriptors of dockerd",
};

/** Three significant figures, with its sign; a slope of nothing is 0. */
const slopeText = (value: number): string => {
  const rounded = Number(value.toPrecision(3));
  return rounded > 0 ? `+${String(rounded)}` : String(rounded).replace("-", "−");
};

const perWaveText = ({ slope, low, high }: SoakTrend): string =>
  slope === null || low === null || high === null
    ? NOTHING
    : `${slopeText(slope)} (${slopeText(low)} to ${slopeText(high)})`;

const HEAD: Table["head"] = [
  left("counter"),
  right("waves"),
  right("first"),
  right("last"),
  left("a wave (95 %)"),
  right("p"),
  left("verdict"),
];

const tableFor = (trends: readonly SoakTrend[]): Table => ({
  head: HEAD,
  rows: trends.map((trend) => [
    trend.profile === null ? NAMES[trend.counter] : `${NAMES[trend.counter]}, ${trend.profile}`,
    String(trend.waves),
    String(trend.first),
    String(trend.last),
    perWaveText(trend),
    chanceText(trend.p),
    trend.verdict,
  ]),
});

/** Nothing is worth a table on the terminal as long as there are too few waves for every counter. */
const tooShort = (trends: readonly SoakTrend[]): boolean =>
  trends.every(({ verdict }) => verdict === "too few waves");

const stillWords = (still: readonly SoakTrend[], all: readonly SoakTrend[]): string => {
  const waves = still.reduce((most, each) => Math.max(most, each.waves), 0);
  const which = still.length === all.length ? "counter" : "other counter";
  return `no growth shown in ${count(still.length, which)} over ${count(waves, "wave")}; they are in report.md`;
};

/** What grows; the rest is for the report. Empty where nothing could be said of any counter. */
export const soakText = (trends: readonly SoakTrend[], paint: Paint): string => {
  if (tooShort(trends)) return "";
  const grown = trends.filter(({ verdict }) => verdict === "grows");
  const still = trends.filter(({ verdict }) => verdict === "no growth shown");
  const [titles = "", ...lines] = grown.length === 0 ? [] : columns(tableFor(grown));
  return [
    paint.bold("after each wave"),
    ...(grown.length === 0 ? [] : [paint.dim(titles), ...lines.map((line) => paint.bad(line))]),
    ...(still.length === 0 ? [] : [paint.dim(stillWords(still, trends))]),
  ]
    .map((line) => `${line}\n`)
    .join("");
};

const EXPLAINED =
  "Read after each wave's sweep, when nothing of the run should be left. Sockets are those of the whole machine, whoever " +
  "listens; a rootful engine shares its bridges, veth interfaces, NAT rules and conntrack entries with it too. A wave: the Theil–Sen slope. p: " +
  "Mann–Kendall, two-sided, after Holm's correction over the counters; each reading starts from the one before, so " +
  `it is a lower bound. Below ${String(FEWEST_WAVES)} waves nothing is said.`;

/** Sections of the report; none where no counter could be read. */
export const soakMarkdown = (trends: readonly SoakTrend[]): readonly string[] =>
  trends.length === 0 ? [] : ["## After each wave", tableOf(tableFor(trends)), EXPLAINED];
