/**
 * Runners beside one another and beside the harness's own calls, for the terminal and for the report.
 */
import { formatInterval } from "../harness/core/statistics.ts";
import { pollTimes } from "../harness/core/runners/polling.ts";
import type { RunnerName } from "../harness/core/runners/runner-names.ts";
import type { RunnerRow, RunnersTable } from "../harness/core/runners/runners-table.ts";
import { count, formatShare } from "../harness/core/units.ts";
import { durationText, NOTHING, spreadText } from "./arm-columns.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const HEAD: Table["head"] = [
  left("arm"),
  right("jobs"),
  left("failed (95 %)"),
  left("skew"),
  left("burst"),
  right("× api"),
  right("processes"),
  right("processor"),
  right("× api"),
  right("goes on"),
  right("ready"),
  right("lag"),
];

/** Two significant figures, but whole hundreds as they are. */
const ratioText = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? NOTHING
    : String(value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));

const durationOr = (value: number | null): string =>
  value === null ? NOTHING : durationText(value);

const signed = (value: number): string => {
  if (value === 0) return "0";
  const size = durationText(Math.abs(value));
  return value < 0 ? `−${size}` : `+${size}`;
};

const lagText = ({ runner, lag, ready }: RunnerRow): string => {
  // Ours goes on by the very probes.
  if (lag === null || runner === "api") return NOTHING;
  // What was ready earlier than that was waited for longer.
  return ready?.upperBound === true ? `≥ ${signed(lag)}` : signed(lag);
};

const readyText = ({ ready }: RunnerRow): string =>
  ready === null ? NOTHING : `${ready.upperBound ? "≤ " : ""}${durationText(ready.after)}`;

/** `23 + 7`: up, and down. */
const processesText = ({ processes }: RunnerRow): string =>
  processes === null ? NOTHING : `${String(Math.round(processes.up))} + ${String(processes.down)}`;

const failedText = ({ failureRate }: RunnerRow): string =>
  failureRate === null
    ? NOTHING
    : `${formatShare(failureRate.value)} (${formatInterval(failureRate)})`;

const rowOf = (row: RunnerRow): readonly string[] => [
  printable(row.arm),
  String(row.jobs),
  failedText(row),
  spreadText(row.launchSkew),
  spreadText(row.burst),
  ratioText(row.besideApi?.burst),
  processesText(row),
  durationOr(row.processor?.median ?? null),
  ratioText(row.besideApi?.processor),
  durationOr(row.perceived),
  readyText(row),
  lagText(row),
];

const tableFor = ({ rows }: RunnersTable): Table => ({ head: HEAD, rows: rows.map(rowOf) });

/** What is no leak of the engine's, and yet grows on a runner's machine night after night. */
const volumesLeft = ({ rows }: RunnersTable): readonly string[] =>
  rows
    .filter((row) => row.volumesLeft > 0)
    .map(
      (row) =>
        `${printable(row.arm)} left ${count(row.volumesLeft, "anonymous volume")} behind, as this runner does: it removes containers without them`,
    );

/** Empty where every job made the harness's own calls. */
export const runnersText = (runners: RunnersTable | null, paint: Paint): string => {
  if (runners === null) return "";
  const [titles = "", ...lines] = columns(tableFor(runners));
  return [paint.bold("runners"), paint.dim(titles), ...lines, ...volumesLeft(runners)]
    .map((line) => `${line}\n`)
    .join("");
};

const EXPLAINED =
  "Skew: from the first job's first request to the last job's, or its first process, whose request comes later. " +
  "× api: as a multiple of what the harness's own calls took in the same mode with as many jobs. Processes: what one " +
  "job starts until it is ready, with the median of its polls, and to be removed. Processor: time of this process " +
  "and of all that it started, a job; it is taken from the same machine as the engine's. Goes on: from the gate until " +
  "the runner held its services to be ready, by its own way of asking; of one that does not ask, until it has started " +
  "the last. Ready: until the last service answered our own probes; ≤ where it answered the first of them, so that it " +
  "may have been ready earlier. Lag: how much later the runner went on than it could have; with a minus, how much too " +
  "early. All three are medians over OK jobs.";

/** In the middle of its jitter. */
const gridText = (polling: "github" | "act", atMost: number): string =>
  pollTimes(polling, { atMost, random: { next: () => 0.5, below: () => 0 } })
    .map((time) => String(Math.round(time / 1000)))
    .join(", ");

/** When a runner asks whether its services are healthy, for those that poll. */
const GRIDS: Partial<Readonly<Record<RunnerName, string>>> = {
  github: `near ${gridText("github", 6)} s, one service after the other`,
  "github-container": `near ${gridText("github", 6)} s, one service after the other`,
  act: `at ${gridText("act", 7)} s, all services at the same time`,
};

const gridsIn = ({ rows }: RunnersTable): readonly string[] => {
  const polling = [...new Set(rows.map(({ runner }) => runner))].flatMap((runner) => {
    const grid = GRIDS[runner];
    return grid === undefined ? [] : [`${runner} ${grid}`];
  });
  if (polling.length === 0) return [];
  return [
    `Asked for health by the runners, counted from each service's first question: ${polling.join("; ")}. The daemon's ` +
      "own check comes before it: its first one an interval after the start.",
  ];
};

/** Sections of the report; none where every job made the harness's own calls. */
export const runnersMarkdown = (runners: RunnersTable | null): readonly string[] =>
  runners === null
    ? []
    : [
        "## Runners",
        tableOf(tableFor(runners)),
        ...volumesLeft(runners),
        EXPLAINED,
        ...gridsIn(runners),
      ];
