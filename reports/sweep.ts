/**
 * Failures and burst times against N, for the terminal, for the report and for other programs.
 */
import { unreachable } from "../harness/core/errors.ts";
import type { Rate } from "../harness/core/measures.ts";
import { formatInterval } from "../harness/core/statistics.ts";
import type { FailureCurve, Reached } from "../harness/core/sweep/logistic.ts";
import type { BurstTimes, Estimate } from "../harness/core/sweep/serial-share.ts";
import {
  sweepSchema,
  type Sweep,
  type SweepCurve,
  type SweepPoint,
} from "../harness/core/sweep/sweep.ts";
import { count, chanceRelation, formatShare } from "../harness/core/units.ts";
import { durationText, NOTHING, spreadText } from "./arm-columns.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import { escaped, list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Characters that stand for all jobs. */
const BAR = 20;
/** A bend that could be chance in more than one of twenty sweeps is none. */
const SIGNIFICANT = 0.05;

/** `3 of 93 (1.1–9.1 %)`. */
const ofText = (rate: NonNullable<Rate>): string =>
  `${String(rate.failed)} of ${String(rate.of)} (${formatInterval(rate)})`;

const rateText = (rate: Rate): string =>
  rate === null ? NOTHING : `${formatShare(rate.value)} (${formatInterval(rate)})`;

/** A failure is seen, however rare; a success too. */
const barText = (rate: Rate): string => {
  if (rate === null) return "";
  const filled = rate.value > 0.5 ? Math.floor(rate.value * BAR) : Math.ceil(rate.value * BAR);
  return "#".repeat(filled).padEnd(BAR, ".");
};

const HEAD: Table["head"] = [
  right("N"),
  right("waves"),
  right("jobs"),
  right("failed"),
  left("failure rate (95 %)"),
  left("burst"),
  left("network.create"),
];

const rowOf = ({
  n,
  waves,
  jobs,
  failed,
  rate,
  burst,
  networkCreate,
}: SweepPoint): readonly string[] => [
  String(n),
  `${String(waves.finished)}/${String(waves.planned)}`,
  String(jobs),
  String(failed),
  rateText(rate),
  spreadText(burst),
  networkCreate === null ? NOTHING : durationText(networkCreate.median),
];

const tableFor = ({ points }: SweepCurve): Table => ({ head: HEAD, rows: points.map(rowOf) });

/** The same with a bar for the failures, where there are any. */
const chartFor = (curve: SweepCurve): Table => {
  const { head, rows } = tableFor(curve);
  const { points } = curve;
  return points.every(({ failed }) => failed === 0)
    ? { head, rows }
    : {
        head: [...head, left("failed of all")],
        rows: rows.map((row, index) => [...row, barText(points[index]?.rate ?? null)]),
      };
};

const onsetText = ({ onset: { first, clean } }: SweepCurve): string => {
  const none = clean?.rate ?? null;
  const some = first?.rate ?? null;
  if (first === null || some === null) {
    return clean === null || none === null
      ? "no wave ran to its end"
      : `no job failed up to N=${String(clean.n)}: there ${ofText(none)}`;
  }
  const began = `at N=${String(first.n)}: ${ofText(some)}`;
  return clean === null || none === null
    ? `jobs failed from the smallest N on, ${began}`
    : `failures begin above N=${String(clean.n)}, where none did: ${ofText(none)}; first seen ${began}`;
};

/** Jobs are whole; a tenth of one says something only where they are few. */
const jobsText = (n: number): string => (n < 9.95 ? String(Number(n.toFixed(1))) : n.toFixed(0));

/** `32 (23–36)`; an end that there is not is left open. */
const intervalText = ({ low, high }: Reached): string =>
  low === null || high === null
    ? `${low === null ? "no" : jobsText(low)} lower and ${high === null ? "no" : jobsText(high)} upper end`
    : `${jobsText(low)}–${jobsText(high)}`;

const reachedText = (name: string, reached: Reached, points: readonly SweepPoint[]): string => {
  const value = `${jobsText(reached.n)} (${intervalText(reached)})`;
  switch (reached.where) {
    case "within":
      return `${name} = ${value}`;
    case "above":
      return `${name} ≈ ${value}, extrapolated beyond N=${String(points.at(-1)?.n ?? "")}`;
    case "below":
      return `${name} ≈ ${value}, extrapolated below N=${String(points[0]?.n ?? "")}`;
    default:
      return unreachable(reached.where);
  }
};

/** What no failure at all says of N5 and N50, at the largest N. */
const noneText = ({ onset: { clean } }: SweepCurve): string => {
  const seen = clean?.rate ?? null;
  if (clean === null || seen === null) return "nothing can be said of N5 and N50";
  const above = `above ${String(clean.n)}`;
  if (seen.high < 0.05) return `N5 and N50 are ${above}`;
  const tooFew = `${count(seen.of, "job")} at N=${String(clean.n)} are too few to say`;
  return seen.high < 0.5 ? `N50 is ${above}; ${tooFew} so of N5` : `${tooFew} more`;
};

const UNCLEAR: Readonly<Record<Extract<FailureCurve, { kind: "unclear" }>["why"], string>> = {
  "one N": "one number of jobs makes no curve: N5 and N50 take more of them",
  "one wave each":
    "one wave of each N does not tell how far the jobs of a wave go together: N5 and N50 take two or more of each",
  "no rise":
    "that the more are started at once the more of them fail is not shown, so there is no N5 and no N50; more waves of each N tell more",
};

const curveText = (curve: SweepCurve): string => {
  const { failures, points } = curve;
  switch (failures.kind) {
    case "none":
      return noneText(curve);
    case "all":
      return `every job failed: N5 and N50 are not above ${String(points[0]?.n ?? "")}, the smallest N`;
    case "unclear":
      return failures.p === null
        ? UNCLEAR[failures.why]
        : `${UNCLEAR[failures.why]} (p ${chanceRelation(failures.p)})`;
    case "rises":
      return [
        reachedText("N5", failures.n5, points),
        reachedText("N50", failures.n50, points),
      ].join("; ");
    default:
      return unreachable(failures);
  }
};

const estimateText = ({ value, low, high }: Estimate, text: (value: number) => string): string =>
  low === null || high === null
    ? `${text(value)} (too few waves for an interval)`
    : `${text(value)} (${text(low)} to ${text(high)})`;

const lineText = ({ first, perJob, share }: BurstTimes, cores: number): string =>
  `burst: ${durationText(Math.max(0, first))} for one job, and ${estimateText(perJob, durationText)} for each further one: ` +
  `a serial share of ${estimateText(share, formatShare)}, at most, on ${count(cores, "core")}`;

const bendText = ({ bend }: BurstTimes): readonly string[] =>
  bend === null || bend.p >= SIGNIFICANT
    ? []
    : [
        `burst: no straight line (p ${chanceRelation(bend.p)}): it bends ${bend.direction === "up" ? "upward" : "downward"}, ` +
          `${durationText(bend.before)} for each further job up to N=${String(bend.at)}, ${durationText(bend.after)} above`,
      ];

const createText = ({ networkCreate, perJob }: BurstTimes): readonly string[] => {
  if (networkCreate === null) return [];
  const { value } = networkCreate;
  const part =
    perJob.value > 0 && value <= perJob.value
      ? `, ${formatShare(value / perJob.value)} of what a further job adds`
      : "";
  return [
    `network.create: each call has the others wait for ${estimateText(networkCreate, durationText)}, at most${part}`,
  ];
};

const leftOutText = ({ leftOut }: BurstTimes): readonly string[] =>
  leftOut === 0 ? [] : [`burst: ${count(leftOut, "wave")} with failures left out`];

const timesTexts = ({ times, cores }: SweepCurve): readonly string[] =>
  times === null
    ? ["burst: fewer than two numbers of jobs have a wave without failures: no serial share"]
    : [lineText(times, cores), ...bendText(times), ...createText(times), ...leftOutText(times)];

const sentences = (curve: SweepCurve): readonly string[] => [
  onsetText(curve),
  curveText(curve),
  ...timesTexts(curve),
];

const headline = ({ verdict, simulated, curves }: Sweep): string => {
  const points = curves.flatMap((curve) => curve.points);
  const total = (of: "finished" | "planned"): number =>
    points.reduce((all, { waves }) => all + waves[of], 0);
  const missing = total("planned") - total("finished");
  const why =
    missing > 0
      ? `${String(missing)} of ${count(total("planned"), "wave")} did not run to their end`
      : verdict === "unknown"
        ? "not clear where failures begin"
        : `${count(total("finished"), "wave")} at ${count(new Set(points.map(({ n }) => n)).size, "number")} of jobs`;
  return `${verdict.toUpperCase()}${simulated ? " (SIMULATED)" : ""}: ${why}`;
};

const titleOf = ({ run, engine }: Sweep): string => `sweep of run ${run}, Engine ${engine}`;

const curveBlock = (curve: SweepCurve, paint: Paint): readonly string[] => {
  const [titles = "", ...rows] = columns(chartFor(curve));
  return [
    paint.bold(printable(curve.id)),
    paint.dim(titles),
    ...rows.map((row, index) => ((curve.points[index]?.failed ?? 0) > 0 ? paint.bad(row) : row)),
    ...sentences(curve).map((sentence) => `- ${printable(sentence)}`),
  ];
};

/** For the terminal: a table and what it comes to for each curve, and the verdict as the last line. */
export const sweepText = (sweep: Sweep, paint: Paint): string =>
  [
    [paint.bold(printable(titleOf(sweep)))],
    ...sweep.curves.map((curve) => curveBlock(curve, paint)),
    [paint.bold(headline(sweep))],
  ]
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");

const EXPLAINED = [
  "N5, N50: the number of jobs at once at which one in twenty fails, and one in two, by a logistic curve of the failure " +
    "rate on log N (Firth's penalised likelihood). Intervals: 95 %, by the profile of that likelihood; waves are the " +
    "unit, since the jobs of one are not independent.",
  "Serial share: s in T(N) = T(1) · ((1 − s) + s · N), by a Theil–Sen line through the waves without failures; interval " +
    "by a bootstrap of waves. An upper bound of what the daemon's mutex holds: processors are waited for too.",
  "network.create: if these calls queue, each has those behind it wait for twice what their mean time grows by a job.",
];

const fitText = ({ failures }: SweepCurve): readonly string[] =>
  failures.kind !== "rises"
    ? []
    : [
        `curve: logit(rate) = ${failures.intercept.toFixed(2).replace("-", "−")} + ${failures.slope.toFixed(2)} · ln N, p ${chanceRelation(failures.p)}; ` +
          `correlation of the jobs of a wave ${failures.correlation.toFixed(2)}, misfit ${failures.misfit.toFixed(2)}; log-likelihood ` +
          `${failures.logLikelihood.toFixed(2)}, on N itself ${failures.logLikelihoodOnN.toFixed(2)}`,
      ];

/** For the report. */
export const sweepMarkdown = (sweep: Sweep): string =>
  [
    `# ${escaped(titleOf(sweep).replace(/^s/, "S"))}`,
    `**${escaped(headline(sweep))}**`,
    ...sweep.curves.flatMap((curve) => [
      `## ${escaped(curve.id)}`,
      tableOf(tableFor(curve)),
      list([...sentences(curve), ...fitText(curve)]),
    ]),
    list(EXPLAINED),
  ]
    .map((part) => `${part}\n`)
    .join("\n");

/** For other programs: schema `stress.sweep/1`, keys in its order. */
export const sweepJson = (sweep: Sweep): string => jsonText(sweepSchema.parse(sweep));
