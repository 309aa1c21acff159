import { summarySchema, type Summary } from "../harness/core/summary.ts";
import { jsonText } from "./json-text.ts";

const byKey = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

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
  return jsonText(ordered);
};
