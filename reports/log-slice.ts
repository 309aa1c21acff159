/**
 * The daemon's log around one failed job, for the terminal and for the report.
 */
import { MARGIN, type LogSlice, type SliceLine } from "../harness/core/log-slice.ts";
import { count, formatMillis, millis } from "../harness/core/units.ts";
import { durationText, NOTHING } from "./arm-columns.ts";
import { escaped, fenced } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable, shortened } from "./printable.ts";

/** Lines of one job on the terminal; the report has all of the slice. */
const MOST_ON_TERMINAL = 12;

const TERMINAL_WIDTH = 160;
const REPORT_WIDTH = 800;

/** The time and level stand in columns of their own. */
const WITHOUT_STAMP = /^time="[^"]{1,40}" level=\w{1,10} /;

const instantText = (at: number | null, from: number): string =>
  at === null ? NOTHING : `${at < from ? "−" : "+"}${formatMillis(millis(Math.abs(at - from)))}`;

const STAMP_WIDTH = 9;
const JOINED_WIDTH = 4;
const LEVEL_WIDTH = 7;

const lineOf = (line: SliceLine, slice: LogSlice, width: number): string =>
  [
    instantText(line.at, slice.from).padStart(STAMP_WIDTH),
    line.joined.padEnd(JOINED_WIDTH),
    printable(line.level ?? NOTHING).padEnd(LEVEL_WIDTH),
    shortened(printable(line.raw.replace(WITHOUT_STAMP, "")), width),
  ].join(" ");

const titleOf = ({ job, wave, from, to }: LogSlice): string =>
  `daemon's log of ${job} (wave ${String(wave)}), whose failed call took ${durationText(to - from)}`;

const leftOutText = (amount: number): readonly string[] =>
  amount > 0 ? [`${count(amount, "more line")} left out`] : [];

/** Lines known by id or name first: of those joined by time, most may be other jobs'. */
const chosen = ({ lines }: LogSlice): readonly SliceLine[] => {
  const own = lines.filter(({ joined }) => joined !== "time");
  const rest = lines.filter(({ joined }) => joined === "time");
  const few = new Set([...own.slice(-MOST_ON_TERMINAL), ...rest].slice(0, MOST_ON_TERMINAL));
  return lines.filter((line) => few.has(line));
};

/** A title and the lines that matter most. */
export const logSliceText = (slice: LogSlice, paint: Paint): string => {
  const shown = chosen(slice);
  return [
    paint.bold(printable(titleOf(slice))),
    ...shown.map((line) => lineOf(line, slice, TERMINAL_WIDTH)),
    ...leftOutText(slice.lines.length - shown.length + slice.leftOut).map(paint.dim),
  ]
    .map((line) => `${line}\n`)
    .join("");
};

const lagText = ({ lag }: LogSlice): string =>
  lag === null
    ? "No refusal of this wave is in the log, so nothing shows how far the two clocks are apart."
    : `The daemon logged refusals of this wave ${durationText(lag.min)} to ${durationText(lag.max)} before ` +
      "their answers arrived.";

const JOINED_MEANS =
  "Times count from the failed call. id, name: the line names a network, container or endpoint of the job. time: it " +
  `names nobody and was written during the call or within ${durationText(MARGIN)} of it`;

/** A section of the report. */
export const logSliceMarkdown = (slice: LogSlice): readonly string[] => {
  const title = titleOf(slice);
  const heading = `### ${escaped(title.charAt(0).toUpperCase() + title.slice(1))}`;
  if (slice.lines.length === 0) return [heading, "Nothing in the log has to do with it."];
  const others = `, while ${count(slice.others, "other job")} had a call under way too.`;
  return [
    heading,
    fenced(slice.lines.map((line) => lineOf(line, slice, REPORT_WIDTH)).join("\n")),
    `${JOINED_MEANS}${others} ${lagText(slice)}`,
    ...leftOutText(slice.leftOut).map((line) => `${line}.`),
  ];
};
