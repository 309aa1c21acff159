/**
 * Words from outside (daemon, services, names, an edited journal) made safe to print: nothing in them moves
 * a cursor, hides text or turns its direction.
 */

/** Control and format characters, halves of surrogate pairs, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const visible = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Keeps line breaks; everything else that does not print is shown as its code. */
export const printableLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.replaceAll("\t", "  ").replace(UNPRINTABLE, visible))
    .join("\n");

/** One line: white space joined, everything else that does not print shown as its code. */
export const printable = (text: string): string =>
  text.replace(/\s+/g, " ").trim().replace(UNPRINTABLE, visible);

/** At most `width` characters: a cause stands at the end of a message, its place at the start. */
export const shortened = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const head = Math.floor((width - 3) / 3);
  const tail = width - 3 - head;
  // Twice the width in UTF-16 units holds that many characters, whole.
  const start = Array.from(text.slice(0, 2 * width)).slice(0, head);
  const end = Array.from(text.slice(-2 * width)).slice(-tail);
  return `${start.join("")} … ${end.join("")}`;
};
