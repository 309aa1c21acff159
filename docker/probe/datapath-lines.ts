/** What came of connecting and asking one question. */
export interface Reached {
  readonly address: string;
  readonly outcome: "answers" | "refused" | "leads-nowhere" | "unreachable";
  readonly words: string | null;
}

/** What the datapath client says: one JSON object a line. */
export type DatapathLine =
  | ({ readonly step: "reached" } & Reached)
  /** From asking for a connection to the first answer on it, in milliseconds, one a connection. */
  | { readonly step: "connected"; readonly latencies: readonly number[] }
  /** The held connection stands, and requests begin now. */
  | { readonly step: "holding" }
  | { readonly step: "asked"; readonly requests: number; readonly elapsedMs: number }
  | { readonly step: "failed"; readonly words: string };

export const encodeDatapathLine = (line: DatapathLine): string => `${JSON.stringify(line)}\n`;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((each) => typeof each === "number");

const OUTCOMES = ["answers", "refused", "leads-nowhere", "unreachable"] as const;

/**
 * @param text - one line, without its end
 * @returns null for anything that is not a line of ours
 */
export const decodeDatapathLine = (text: string): DatapathLine | null => {
  const value = parsed(text);
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const { address, latencies, requests, elapsedMs, words } = fields;
  switch (fields["step"]) {
    case "reached": {
      const outcome = OUTCOMES.find((each) => each === fields["outcome"]);
      if (outcome === undefined || typeof address !== "string") return null;
      if (words !== null && typeof words !== "string") return null;
      return { step: "reached", address, outcome, words };
    }
    case "connected":
      return isNumbers(latencies) ? { step: "connected", latencies } : null;
    case "holding":
      return { step: "holding" };
    case "asked":
      return typeof requests === "number" && typeof elapsedMs === "number"
        ? { step: "asked", requests, elapsedMs }
        : null;
    case "failed":
      return typeof words === "string" ? { step: "failed", words } : null;
    default:
      return null;
  }
};
