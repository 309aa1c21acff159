/**
 * What `stress doctor` prints: for people, as JSON, or only the commands that mend.
 */
import type { CheckStatus } from "../harness/core/doctor/check.ts";
import { toDiagnosis, type CheckResult, type Diagnosis } from "../harness/core/doctor/diagnosis.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable, printableLines } from "./printable.ts";

const MARKS: Readonly<Record<CheckStatus, string>> = {
  problem: "PROBLEM",
  warning: "WARNING",
  unknown: "UNKNOWN",
  ok: "ok",
  "not-applicable": "-",
};

const WIDTH = Math.max(...Object.values(MARKS).map(({ length }) => length));

/** Where what belongs to a check begins. */
const INDENT = " ".repeat(WIDTH + 2);

const markOf = (status: CheckStatus, paint: Paint): string => {
  const mark = MARKS[status].padEnd(WIDTH);
  switch (status) {
    case "problem":
      return paint.bold(paint.bad(mark));
    case "warning":
    case "unknown":
      return paint.bad(mark);
    case "ok":
      return paint.good(mark);
    case "not-applicable":
      return paint.dim(mark);
  }
};

/** A command keeps its spaces: they may be in quotes. It is one line, whatever is in it. */
const asCommand = (command: string): string => printableLines(command.replace(/[\r\n]+/g, " "));

/** Worth more than a line: something is to be done, or was not to be seen. */
const isFinding = ({ status }: CheckResult): boolean =>
  status === "problem" || status === "warning";

const linesOf = (check: CheckResult, paint: Paint): readonly string[] => {
  const { status, title, evidence, meaning, fix, commands } = check;
  const head = `${markOf(status, paint)}  ${title}: ${printable(meaning)}`;
  if (status === "not-applicable" || status === "unknown") return [head];
  const seen = evidence.map((line) => paint.dim(`${INDENT}${printable(line)}`));
  if (!isFinding(check)) return [head, ...seen];
  return [
    head,
    ...seen,
    ...(fix === null ? [] : [`${INDENT}→ ${printable(fix)}`]),
    ...commands.map((command) => `${INDENT}  $ ${asCommand(command)}`),
  ];
};

const concluded = ({ verdict, conclusion }: Diagnosis, paint: Paint): string => {
  const sentence = `${printable(conclusion)}.`;
  return paint.bold(verdict === "healthy" ? paint.good(sentence) : paint.bad(sentence));
};

/** One line a check with its mark, what was seen below it, problems first; the conclusion is the last line. */
export const doctorText = (diagnosis: Diagnosis, paint: Paint): string => {
  const lines = diagnosis.checks.flatMap((check) => linesOf(check, paint));
  return [...lines, "", concluded(diagnosis, paint), ""].join("\n");
};

/** A shell script that mends what was found, for a person to read first; each command under what it is for. */
export const doctorFixes = (diagnosis: Diagnosis): string => {
  const parts = diagnosis.checks
    .filter(isFinding)
    .flatMap(({ title, meaning, fix, commands }) => [
      `# ${title}: ${printable(meaning)}`,
      ...(fix === null ? [] : [`# ${printable(fix)}`]),
      ...commands.map(asCommand),
      "",
    ]);
  return [...parts, `# ${printable(diagnosis.conclusion)}.`, ""].join("\n");
};

/** As schema `stress.doctor/1`, keys in its order. */
export const doctorJson = (diagnosis: Diagnosis): string => jsonText(toDiagnosis(diagnosis));
