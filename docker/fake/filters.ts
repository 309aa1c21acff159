import { z } from "zod";
import { Refused } from "./refused.ts";

/** Clients write either a list or a map from each value to true. */
const filterSchema = z.record(
  z.string(),
  z.union([z.array(z.string()), z.record(z.string(), z.boolean())]),
);

interface Filtered {
  readonly name: string;
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

const matchesLabel = (labels: Readonly<Record<string, string>>, wanted: string): boolean => {
  const equals = wanted.indexOf("=");
  if (equals < 0) return wanted in labels;
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
};

/**
 * The `filters` of a list: all labels must match, and one of the names and ids.
 *
 * @throws Refused 400 for anything that is not a filter
 */
export const filterOf = (query: URLSearchParams): ((item: Filtered) => boolean) => {
  const text = query.get("filters");
  if (text === null || text === "") return () => true;
  let filters: z.infer<typeof filterSchema>;
  try {
    filters = filterSchema.parse(JSON.parse(text));
  } catch {
    throw new Refused(400, "invalid filter");
  }
  const values = (name: string): readonly string[] => {
    const value = filters[name] ?? [];
    return Array.isArray(value) ? value : Object.keys(value);
  };
  const [labels, names, ids] = [values("label"), values("name"), values("id")];
  return (item) =>
    labels.every((wanted) => matchesLabel(item.labels, wanted)) &&
    (names.length === 0 || names.some((wanted) => item.name.includes(wanted))) &&
    (ids.length === 0 || ids.some((wanted) => item.id.startsWith(wanted)));
};
