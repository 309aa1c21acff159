import { summarySchema, type Summary } from "../harness/core/summary.ts";

const byKey = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** JSON allows these in strings; a terminal acts on them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\u` and four digits for each UTF-16 unit. */
const escaped = (character: string): string =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

/**
 * The summary as schema `stress.summary/1`. Keys come in the order of the schema, and sorted where they are
 * data, so that two runs can be compared line by line.
 */
export const json = (summary: Summary): string => {
  const { engine, ...rest } = summary;
  const ordered = summarySchema.parse({
    ...rest,
    engine: { ...engine, components: byKey(engine.components), images: byKey(engine.images) },
  });
  const lines = JSON.stringify(ordered, null, 2).split("\n");
  return `${lines.map((line) => line.replace(UNPRINTABLE, escaped)).join("\n")}\n`;
};
