/**
 * One line of a daemon's log, taken apart: logfmt as dockerd and containerd write it, their JSON form, or any other
 * text. Every step reads each character once: a line of a megabyte costs no more than a megabyte of short ones.
 */

export interface LogLine {
  /** Wall clock, milliseconds since 1970 with fractions; null where the line has no time. */
  readonly at: number | null;
  /** What `at` is good to, in milliseconds: containerd's own lines have whole seconds. */
  readonly resolution: number;
  /** As written, in lower case: `info`, `warning`, `error`, …; null where the line has none. */
  readonly level: string | null;
  /** The message, unquoted; the whole line where it is neither logfmt nor JSON. */
  readonly message: string;
  /** All other keys, unquoted, in the order of the line. */
  readonly fields: ReadonlyMap<string, string>;
  readonly raw: string;
}

const isSpace = (character: string | undefined): boolean => character === " " || character === "\t";

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** As Go's `%q` escapes. */
const unquoted = (text: string): string =>
  text.includes("\\")
    ? text.replace(
        /\\(?:U0([0-9a-fA-F]{7})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs,
        (_, long?: string, unicode?: string, byte?: string, other?: string) => {
          const code = Number.parseInt(long ?? unicode ?? byte ?? "", 16);
          // Half a surrogate pair each, two of them make a character; beyond Unicode there is none.
          if (code <= 0x10ffff) return String.fromCodePoint(code);
          return ESCAPES[other ?? ""] ?? other ?? "";
        },
      )
    : text;

/** The place of the quotation mark that ends what begins at `start`; the end of a line that was cut before it. */
const endOfQuoted = (line: string, start: number): number => {
  let end = start;
  while (end < line.length && line[end] !== '"') end += line[end] === "\\" ? 2 : 1;
  return Math.min(end, line.length);
};

const endOfWord = (line: string, start: number): number => {
  let end = start;
  while (end < line.length && !isSpace(line[end])) end += 1;
  return end;
};

const KEY = /^[A-Za-z_][\w.-]{0,99}$/;

/** Key and value of each pair; null for text that is no logfmt. */
const logfmt = (line: string): Map<string, string> | null => {
  const pairs = new Map<string, string>();
  let place = 0;
  while (place < line.length) {
    if (isSpace(line[place])) {
      place += 1;
      continue;
    }
    const equals = line.indexOf("=", place);
    // A word without a value: dockerd writes none, so this is prose, unless the line was cut within a key.
    if (equals === -1)
      return pairs.size > 0 && endOfWord(line, place) === line.length ? pairs : null;
    const key = line.slice(place, Math.min(equals, place + 101));
    if (!KEY.test(key)) return null;
    const quoted = line[equals + 1] === '"';
    const start = quoted ? equals + 2 : equals + 1;
    const end = quoted ? endOfQuoted(line, start) : endOfWord(line, start);
    const value = line.slice(start, end);
    pairs.set(key, quoted ? unquoted(value) : value);
    place = quoted ? end + 1 : end;
  }
  return pairs;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `--log-format json` of Engine 25 and later; null for text that is no JSON object. */
const json = (line: string): Map<string, string> | null => {
  if (!line.startsWith("{")) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  return new Map(
    Object.entries(value).map(([key, held]) => [
      key,
      typeof held === "string" ? held : JSON.stringify(held),
    ]),
  );
};

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

/** RFC 3339, as milliseconds since 1970 with fractions, and what they are good to. */
const instantOf = (text: string | undefined): Pick<LogLine, "at" | "resolution"> => {
  const fraction = text === undefined ? null : TIME.exec(text);
  if (text === undefined || fraction === null) return { at: null, resolution: 0 };
  const digits = fraction[1] ?? "";
  const whole = Date.parse(text.replace(digits, ""));
  if (Number.isNaN(whole)) return { at: null, resolution: 0 };
  return digits === ""
    ? { at: whole, resolution: 1000 }
    : { at: whole + Number(`0${digits}`) * 1000, resolution: 1000 / 10 ** (digits.length - 1) };
};

/** Without the end of a line that came over a serial line or a Windows pipe. */
const trimmed = (line: string): string => line.replace(/[\r\n]{1,2}$/, "");

/** Takes any text; what it cannot read it keeps whole as the message. */
export const logLine = (raw: string): LogLine => {
  const line = trimmed(raw);
  const pairs = json(line) ?? logfmt(line);
  // A line that was cut before its message still has its time.
  if (pairs === null || !(pairs.has("msg") || (pairs.has("time") && pairs.has("level")))) {
    return { at: null, resolution: 0, level: null, message: line, fields: new Map(), raw };
  }
  const message = pairs.get("msg") ?? line;
  const level = pairs.get("level")?.toLowerCase() ?? null;
  const time = instantOf(pairs.get("time"));
  for (const key of ["time", "level", "msg"]) pairs.delete(key);
  return { ...time, level, message, fields: pairs, raw };
};
