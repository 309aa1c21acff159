/** What the program in a job container says: one JSON object a line. */
export type JobLine =
  | { readonly step: "ready"; readonly service: string; readonly attempts: number }
  | { readonly step: "identity"; readonly service: string; readonly nonces: readonly string[] }
  | { readonly step: "ready" | "identity"; readonly service: string; readonly error: string };

export const encodeJobLine = (line: JobLine): string => `${JSON.stringify(line)}\n`;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/**
 * @param text - one line, without its end
 * @returns null for anything that is not a line of ours: a container's output may hold other things
 */
export const decodeJobLine = (text: string): JobLine | null => {
  const value = parsed(text);
  if (typeof value !== "object" || value === null) return null;
  const { step, service, attempts, nonces, error } = value as Readonly<Record<string, unknown>>;
  if ((step !== "ready" && step !== "identity") || typeof service !== "string") return null;
  if (typeof error === "string") return { step, service, error };
  if (step === "ready") return typeof attempts === "number" ? { step, service, attempts } : null;
  return isTexts(nonces) ? { step, service, nonces } : null;
};
