/**
 * The pieces of a Markdown report, with every word from outside made harmless.
 */
import type { Table } from "./columns.ts";
import { printable, printableLines } from "./printable.ts";

/**
 * Text that stays text: no emphasis, link, tag, cell border, mention or formula. An underscore inside a word means
 * nothing to Markdown, and class names are full of them.
 */
export const escaped = (text: string): string =>
  printable(text).replace(/[\\`*[\]<>|~&@$#]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, "\\$&");

/** A block of words as they are; the fence is longer than any in them. */
export const fenced = (text: string, language = ""): string => {
  const inside = printableLines(text);
  const runs = inside.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}${language}\n${inside}\n${fence}`;
};

export const tableOf = ({ head, rows }: Table): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head.map(({ title }) => escaped(title))),
    line(head.map(({ align }) => (align === "left" ? "---" : "---:"))),
    ...rows.map((cells) => line(cells.map(escaped))),
  ].join("\n");
};

export const list = (items: readonly string[]): string =>
  items.map((item) => `- ${escaped(item)}`).join("\n");
