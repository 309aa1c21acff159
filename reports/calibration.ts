/**
 * Injected against attributed, for the terminal and for the report.
 */
import {
  calibrationSchema,
  type Calibration,
  type CauseScore,
  type ScoredFault,
  type Share,
} from "../harness/core/calibration.ts";
import { count, formatHighShare } from "../harness/core/units.ts";
import { NOTHING } from "./arm-columns.ts";
import { columns, left, type Table } from "./columns.ts";
import { list, tableOf } from "./markup.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable, shortened } from "./printable.ts";

/** Faults listed one by one, those that were not attributed right; the summary names all. */
const MOST_FAULTS = 20;
/** Ports that a sentence names. */
const MOST_PORTS = 8;
/** Room for the evidence of one, in a line. */
const SENTENCE_WIDTH = 300;

/** `100 % (44–100 %)`. */
const percentText = (share: Share): string => {
  if (share === null) return NOTHING;
  const interval = `${formatHighShare(share.low).replace(/ %$/, "")}–${formatHighShare(share.high)}`;
  return `${formatHighShare(share.value)} (${interval})`;
};

/** `3 of 3, 100 % (44–100 %)`. */
const shareText = (share: Share): string =>
  share === null ? NOTHING : `${String(share.hits)} of ${String(share.of)}, ${percentText(share)}`;

const causesTable = ({ causes }: Calibration): Table => ({
  head: [left("cause"), left("sensitivity (95 %)"), left("specificity (95 %)")],
  rows: causes.map(({ cause, sensitivity, specificity }: CauseScore) => [
    cause,
    shareText(sensitivity),
    shareText(specificity),
  ]),
});

const confusionTable = ({ confusion }: Calibration): Table => ({
  head: [left("truth"), left("attributed to"), left("cases")],
  rows: confusion.map(({ truth, attributed, cases }) => [
    truth ?? "no fault",
    attributed ?? "nothing",
    String(cases),
  ]),
});

/** What the numbers come to, a sentence each. */
const calibrationSentences = (calibration: Calibration): readonly string[] => {
  const { injected, fates, scores, bystanders, foreign, sensitivity, specificity, quiet } =
    calibration;
  const parts = [
    `${String(fates.met)} met`,
    ...(fates.absorbed > 0 ? [`${String(fates.absorbed)} absorbed by the daemon`] : []),
    ...(fates.untouched > 0 ? [`${String(fates.untouched)} untouched`] : []),
  ];
  const scored = scores.right + scores.wrong + scores.open;
  return [
    `${count(injected, "fault")} injected: ${parts.join(", ")}`,
    ...(scored === 0
      ? []
      : [
          `${String(scores.right)} of ${String(scored)} attributed right, ${String(scores.wrong)} wrong, ` +
            `${String(scores.open)} left open: sensitivity ${percentText(sensitivity)}`,
        ]),
    ...(quiet
      ? [
          `of ${count(bystanders.failed, "failure")} that no fault caused, ${String(bystanders.accused)} ` +
            `${bystanders.accused === 1 ? "was" : "were"} laid to one: specificity ${percentText(specificity)}`,
        ]
      : bystanders.accused === 0
        ? []
        : [
            `${count(bystanders.accused, "other failure")} attributed to causes of the same kind: these may be real`,
          ]),
    ...(foreign.failed === 0
      ? []
      : [
          `${count(foreign.failed, "failure")} set apart: something else held ` +
            `${foreign.ports.length === 1 ? "port" : "ports"} ${foreign.ports.slice(0, MOST_PORTS).join(", ")}` +
            `${foreign.ports.length > MOST_PORTS ? " and others" : ""} before any fault was injected`,
        ]),
  ];
};

const faultText = (fault: ScoredFault): string => {
  const { id, wave, target, truth, attributed, note, sentence } = fault;
  const verdict = attributed === null ? "left open" : `attributed to ${attributed}`;
  return shortened(
    `${id} in wave ${String(wave)}, ${target} (${truth ?? "no truth"}: ${note}): ${verdict}: ${sentence ?? ""}`,
    SENTENCE_WIDTH,
  );
};

/** Every fault that was met and not attributed right, one line each. */
const missed = ({ faults }: Calibration): readonly string[] => {
  const missing = faults.filter(({ score }) => score === "wrong" || score === "open");
  const more = missing.length - MOST_FAULTS;
  return [
    ...missing.slice(0, MOST_FAULTS).map(faultText),
    ...(more > 0 ? [`and ${String(more)} more: see the summary`] : []),
  ];
};

/** For the terminal: sentences, a table of causes, and what went wrong. */
export const calibrationText = (calibration: Calibration, paint: Paint): string => {
  const [titles = "", ...rows] = columns(causesTable(calibration));
  const failures = missed(calibration).map((line) => paint.bad(`- ${printable(line)}`));
  const parts = [
    calibrationSentences(calibration).map(printable),
    ...(rows.length === 0 ? [] : [[paint.dim(titles), ...rows]]),
    ...(failures.length === 0 ? [] : [failures]),
  ];
  return parts.map((lines) => `${lines.join("\n")}\n`).join("\n");
};

/** For the report: a section of its own. */
export const calibrationMarkdown = (calibration: Calibration): readonly string[] => [
  "## Injected against attributed",
  list(calibrationSentences(calibration)),
  ...(calibration.causes.length === 0 ? [] : [tableOf(causesTable(calibration))]),
  ...(calibration.confusion.length === 0 ? [] : [tableOf(confusionTable(calibration))]),
  ...(missed(calibration).length === 0 ? [] : [list(missed(calibration))]),
];

/** What was calibrated, for whoever reads the numbers later. */
export interface CalibrationHeader {
  readonly run: string;
  readonly seed: string;
  /** Version of the engine. */
  readonly engine: string;
  readonly simulated: boolean;
}

/** For other programs: schema `stress.calibration/1`, keys in its order. */
export const calibrationJson = (header: CalibrationHeader, calibration: Calibration): string =>
  jsonText({
    schema: "stress.calibration/1",
    ...header,
    ...calibrationSchema.parse(calibration),
  });
