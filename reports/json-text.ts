/** JSON allows these in strings; a terminal acts on them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\u` and four digits for each UTF-16 unit. */
const escaped = (character: string): string =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

/** A value as indented JSON that a terminal only shows, and a line break at its end. */
export const jsonText = (value: unknown): string => {
  const lines = JSON.stringify(value, null, 2).split("\n");
  return `${lines.map((line) => line.replace(UNPRINTABLE, escaped)).join("\n")}\n`;
};
