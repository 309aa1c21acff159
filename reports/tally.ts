import { formatMitigation } from "../harness/core/mitigations.ts";
import type { ArmSummary, Failure, Summary } from "../harness/core/summary.ts";
import { spreadText } from "./arm-columns.ts";
import type { Paint } from "./paint.ts";
import { printable, shortened } from "./printable.ts";

/** Room for the words of a failure that has no name. */
const WORDS_WIDTH = 120;

const COUNT_WIDTH = 7;

const wavesText = ({ finished, planned }: ArmSummary["waves"]): readonly string[] => {
  if (finished < planned) return [`waves=${String(finished)}/${String(planned)}`];
  return planned === 1 ? [] : [`waves=${String(planned)}`];
};

const header = (arm: ArmSummary, simulated: boolean): string =>
  [
    "===",
    `N=${String(arm.n)}`,
    printable(arm.mode),
    ...(arm.profile === undefined ? [] : [`profile=${printable(arm.profile)}`]),
    ...(arm.ports === undefined ? [] : [`ports=${arm.ports}`]),
    ...(arm.mitigation === undefined
      ? []
      : [`mitigation=${printable(formatMitigation(arm.mitigation))}`]),
    ...wavesText(arm.waves),
    `burst=${arm.burst === null ? "unknown" : spreadText(arm.burst)}`,
    ...(simulated ? ["SIMULATED"] : []),
    "===",
  ].join(" ");

const nameOf = (failure: Failure): string =>
  failure.class === "unknown"
    ? `unknown: ${shortened(printable(failure.example), WORDS_WIDTH)}`
    : printable(failure.class);

const block = (arm: ArmSummary, simulated: boolean, paint: Paint): string => {
  const width = Math.max(0, ...arm.failures.map(({ label }) => printable(label).length));
  const row = (amount: number, text: string): string =>
    `${String(amount).padStart(COUNT_WIDTH)} ${text}`;
  const { ok, unfinished } = arm.jobs;
  return [
    paint.bold(header(arm, simulated)),
    ok > 0 ? paint.good(row(ok, "OK")) : row(ok, "OK"),
    ...arm.failures.map((failure) =>
      paint.bad(
        row(failure.count, `${printable(failure.label).padEnd(width)}   ${nameOf(failure)}`),
      ),
    ),
    ...(unfinished > 0 ? [paint.dim(row(unfinished, "unfinished"))] : []),
  ].join("\n");
};

/**
 * What became of the jobs, one block an arm, in the shape that the shell harnesses before this tool printed:
 * a count and a label a line. What no signature names comes first among the failures, in its own words.
 */
export const tally = ({ arms, simulated }: Summary, paint: Paint): string =>
  arms.map((arm) => `${block(arm, simulated, paint)}\n`).join("\n");
