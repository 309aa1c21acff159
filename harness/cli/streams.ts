/**
 * The process's own streams: the one place that writes to them. What goes to stderr may have an engine's words in
 * it, so each line is made safe here: nothing in it moves a cursor, is a workflow command, or fills the screen.
 */
import { printableLines, shortened } from "../../reports/printable.ts";

/** The part of a stream that lines need. */
export interface TextSink {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

const LONGEST_LINE = 4000;

/** The start and the end, and how long it was. */
const bounded = (text: string): string =>
  text.length <= LONGEST_LINE
    ? text
    : `${shortened(text, LONGEST_LINE)} (${text.length.toLocaleString("en")} characters)`;

/**
 * One line that a terminal shows and that GitHub's runner does not obey: it takes `::command::` at a line's start
 * and `##[command]` anywhere.
 *
 * @see actions/runner, src/Runner.Common/ActionCommand.cs
 */
const safeLine = (text: string): string =>
  printableLines(bounded(text).replace(/[^\S ]+/g, " "))
    .replace(/^( *):(?=:)/, "$1\\u{3a}")
    .replaceAll("##[", "#\\u{23}[");

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/** The same record; what would not print, or would be obeyed, is escaped as JSON escapes it. */
const safeJson = (record: unknown): string =>
  JSON.stringify(record, (_, value: unknown) =>
    typeof value === "string" ? bounded(value) : value,
  )
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
    .replaceAll("##[", "\\u0023#[");

const CLEAR_LINE = "\r\u001b[2K";

export const createLines = (sink: TextSink) => ({
  line: (text: string): void => {
    sink.write(`${safeLine(text)}\n`);
  },
  json: (record: unknown): void => {
    sink.write(`${safeJson(record)}\n`);
  },
  /** On a terminal: stays until it is cleared. */
  show: (text: string): void => {
    sink.write(`${CLEAR_LINE}${safeLine(text)}`);
  },
  clear: (): void => {
    sink.write(CLEAR_LINE);
  },
});

export const stderr = createLines(process.stderr);

/** To stdout: data, and nothing else; each format escapes what it holds. */
export const print = (text: string): void => {
  process.stdout.write(text);
};
