/**
 * Any text as one word of a bash script. What does not print is written as its bytes: a script that is looked at
 * in a terminal must not move its cursor or turn its direction.
 */

/** A text that the script is to put in at run time, and what stands for it until then. */
export interface Placeholder {
  /** Occurs nowhere else; letters and digits only, so that no encoding changes it. */
  readonly mark: string;
  /** Name of the shell variable. */
  readonly variable: string;
}

const PLAIN = /^[\w@%+=:,./-]+$/;

/** Control and format characters, halves of surrogate pairs, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, "gu");

/** As UTF-8; half of a pair is no character, and becomes the one for that. */
const bytesOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  const whole = code >= 0xd800 && code <= 0xdfff ? "\u{fffd}" : character;
  return encodeURIComponent(whole).replaceAll("%", "\\x").toLowerCase();
};

const quotedPiece = (text: string): string => {
  if (text === "") return "";
  if (PLAIN.test(text)) return text;
  if (!UNPRINTABLE.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(EACH_UNPRINTABLE, bytesOf);
  return `$'${escaped}'`;
};

interface Piece {
  readonly text: string;
  /** Null: the text itself. */
  readonly variable: string | null;
}

const splitAt = (pieces: readonly Piece[], { mark, variable }: Placeholder): readonly Piece[] =>
  pieces.flatMap((piece) => {
    if (piece.variable !== null) return [piece];
    return piece.text.split(mark).flatMap((text, index): Piece[] =>
      index === 0
        ? [{ text, variable: null }]
        : [
            { text: mark, variable },
            { text, variable: null },
          ],
    );
  });

/** @param text - without NUL, which no argument of a program can hold: it is left out */
export const shellWord = (text: string, placeholders: readonly Placeholder[] = []): string => {
  const whole: readonly Piece[] = [{ text: text.replaceAll("\0", ""), variable: null }];
  const word = placeholders
    .reduce(splitAt, whole)
    .map((piece) => (piece.variable === null ? quotedPiece(piece.text) : `"$${piece.variable}"`))
    .join("");
  return word === "" ? "''" : word;
};

export const shellWords = (
  words: readonly string[],
  placeholders: readonly Placeholder[] = [],
): string => words.map((word) => shellWord(word, placeholders)).join(" ");
