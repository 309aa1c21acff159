/**
 * The ladder of mitigations, climbed: for the terminal, for the report and for other programs.
 */
import { climbSchema, type Climb, type ClimbedRung } from "../harness/core/climb.ts";
import { formatInterval } from "../harness/core/statistics.ts";
import type { TryCurve } from "../harness/core/tries.ts";
import { count, chanceRelation, formatShare } from "../harness/core/units.ts";
import { durationText, NOTHING } from "./arm-columns.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import { escaped, list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const rateText = ({ failures }: Pick<ClimbedRung, "failures">): string =>
  failures === null
    ? NOTHING
    : `${String(failures.failed)}/${String(failures.of)} ${formatShare(failures.value)} (${formatInterval(failures)})`;

const MARK_OF = { "no difference shown": "~", unknown: "?" } as const;

/** `~` where nothing is shown, as benchstat has it; `?` where nothing could be. */
const differenceText = ({ rung, difference }: ClimbedRung): string => {
  if (rung === "nothing" || difference === null) return NOTHING;
  const { adjustedP, verdict } = difference;
  if (adjustedP === null) return "?";
  const p = `p ${chanceRelation(adjustedP)}`;
  return verdict === "differs" ? p : `${MARK_OF[verdict]} (${p})`;
};

/** `−1.2s`, and `~` before it where it is not shown to be one. */
const shiftText = ({ burstDifference }: ClimbedRung): string => {
  const shift = burstDifference?.shift ?? null;
  if (burstDifference === null || shift === null) return NOTHING;
  const size = `${shift.value < 0 ? "−" : "+"}${durationText(Math.abs(shift.value))}`;
  const { verdict } = burstDifference;
  return verdict === "differs" ? size : `${MARK_OF[verdict]} ${size}`;
};

const timeText = (value: number | null): string => (value === null ? NOTHING : durationText(value));

const tableFor = ({ rungs }: Climb): Table => ({
  head: [
    left("rung"),
    right("waves"),
    left("failed (95 %)"),
    left("against nothing"),
    right("burst"),
    right("shift"),
    right("engine cpu"),
    right("harness cpu"),
    left("what it costs"),
  ],
  rows: rungs.map((rung) =>
    rung.skipped === null
      ? [
          rung.rung,
          String(rung.waves),
          rateText(rung),
          differenceText(rung),
          timeText(rung.burst),
          shiftText(rung),
          timeText(rung.engineProcessor),
          timeText(rung.harnessProcessor),
          rung.cost,
        ]
      : [rung.rung, "0", `left out: ${rung.skipped}`, "", "", "", "", "", rung.cost],
  ),
});

const curveText = ({ jobs, repeated, steps, never }: TryCurve): readonly string[] => [
  `${count(repeated, "call")} of ${count(jobs, "job")} made again`,
  ...steps.map(({ tries, ok, failures }) => {
    const left =
      failures === null
        ? ""
        : `; with ${count(tries, "try", "tries")} at most ${formatShare(failures.value)} would have failed (${formatInterval(failures)})`;
    return `OK at try ${String(tries)}: ${String(ok)}${left}`;
  }),
  `never: ${String(never)}`,
];

const MARKS: Readonly<Record<Climb["advice"]["verdict"], string>> = {
  stops: "STOPS",
  lessens: "LESSENS",
  "nothing-to-mend": "NOTHING TO MEND",
  unknown: "UNKNOWN",
};

const headline = ({ advice, simulated }: Climb): string => {
  const mark = simulated ? " (SIMULATED)" : "";
  return advice.rung === null
    ? `${MARKS[advice.verdict]}${mark}`
    : `${MARKS[advice.verdict]}${mark}: ${advice.rung}`;
};

const FOOTNOTES = [
  "p after Holm's correction, jobs of a wave taken to depend on one another; ~: no difference shown; ?: too few waves for one; " +
    "failed jobs end early, so that a rung which mends them has the longer burst",
  "engine cpu: RootlessKit, dockerd, containerd and proxies in one burst, without containers; harness cpu: with lock holders",
];

const curvesOf = ({ rungs }: Climb) =>
  rungs.flatMap(({ rung, tries }) => (tries === null ? [] : [{ rung, tries }]));

const titleOf = ({ run, engine }: Climb): string => `ladder of run ${run}, Engine ${engine}`;

/** For the terminal. */
export const ladderText = (climb: Climb, paint: Paint): string => {
  const { head, rows: cells } = tableFor(climb);
  const table = columns({ head, rows: cells.map((row) => row.map(printable)) });
  const [titles = "", ...rows] = table;
  const parts = [
    [paint.bold(printable(titleOf(climb)))],
    [paint.dim(titles), ...rows, ...FOOTNOTES.map(paint.dim)],
    ...curvesOf(climb).map(({ rung, tries }) => [
      `${rung}, by try:`,
      ...curveText(tries).map((line) => `- ${line}`),
    ]),
    [paint.bold(headline(climb)), ...climb.advice.words.map((line) => `- ${printable(line)}`)],
  ];
  return parts.map((lines) => `${lines.join("\n")}\n`).join("\n");
};

const buts = ({ rungs }: Climb): readonly string[] =>
  rungs.flatMap(({ rung, title, but }) => [`${rung}: ${title}${but === null ? "" : `; ${but}`}`]);

/** For the report. */
export const ladderMarkdown = (climb: Climb): string =>
  [
    `# ${escaped(titleOf(climb).replace(/^l/, "L"))}`,
    `**${escaped(headline(climb))}**`,
    list(climb.advice.words),
    tableOf(tableFor(climb)),
    FOOTNOTES.map(escaped).join("\n"),
    list(buts(climb)),
    ...curvesOf(climb).flatMap(({ rung, tries }) => [
      `## ${escaped(rung)}, by try`,
      list(curveText(tries)),
    ]),
  ]
    .map((part) => `${part}\n`)
    .join("\n");

/** For other programs: schema `stress.ladder/1`, keys in its order. */
export const ladderJson = (climb: Climb): string => jsonText(climbSchema.parse(climb));
