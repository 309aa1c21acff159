/**
 * What a night came to, for the terminal: what it was compared with, each arm, and the verdict as the last line.
 */
import { isWorse, type ArmRegression } from "../harness/core/nightly/regression.ts";
import type { Night } from "../harness/core/nightly/night.ts";
import { count } from "../harness/core/units.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const baselineText = ({ baseline }: Night): string => {
  const [first] = baseline;
  const last = baseline.at(-1);
  if (first === undefined || last === undefined)
    return "compared with nothing: there is no baseline";
  return baseline.length === 1
    ? `compared with run ${first}`
    : `compared with ${count(baseline.length, "run")}, ${first} to ${last}`;
};

const armLines = (arm: ArmRegression, paint: Paint): readonly string[] => {
  const lines = arm.words.map((words) => `  ${printable(words)}`);
  return [printable(arm.arm), ...(isWorse(arm) ? lines.map(paint.bad) : lines)];
};

/** The verdict in one line, without colour. */
const lastLine = ({ verdict, simulated, reasons }: Night): string =>
  `${verdict.toUpperCase()}${simulated ? " (SIMULATED)" : ""}: ${printable(reasons.join("; "))}`;

export const nightText = (night: Night, paint: Paint): string => {
  const { arms, again, confirmation, expectations, verdict } = night;
  const line = lastLine(night);
  return [
    paint.bold(printable(baselineText(night))),
    ...arms.flatMap((arm) => armLines(arm, paint)),
    ...(confirmation === null ? [] : [paint.bold(`run again, as ${printable(confirmation)}`)]),
    ...again.flatMap((arm) => armLines(arm, paint)),
    ...expectations.map(
      (each) => `${each.verdict} ${printable(each.expectation)}: ${printable(each.words)}`,
    ),
    paint.bold(verdict === "holds" ? paint.good(line) : paint.bad(line)),
  ]
    .map((each) => `${each}\n`)
    .join("");
};

/** Schema `stress.nightly/1`. */
export const nightJson = (night: Night): string => jsonText(night);
