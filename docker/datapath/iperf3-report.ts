/**
 * What `iperf3 --client --json` prints.
 */
import { z } from "zod";

const sum = z.object({ bits_per_second: z.number(), retransmits: z.int().optional() });

const reportSchema = z.union([
  // First: a report of a failure has the other parts too, and empty.
  z.object({ error: z.string() }),
  z.object({
    start: z.object({ version: z.string() }),
    end: z.object({ sum_sent: sum, sum_received: sum }),
  }),
]);

export type Iperf3Report =
  | {
      readonly kind: "measured";
      /** What arrived, after what was omitted. */
      readonly bitsPerSecond: number;
      /** Null where the sender's kernel does not tell. */
      readonly retransmits: number | null;
      /** `iperf 3.12`. */
      readonly program: string;
    }
  /** In iperf3's words. */
  | { readonly kind: "failed"; readonly words: string };

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const FIRST_WORDS = 300;

/** Pure. @param text - all that it wrote, which is one JSON object unless it broke off */
export const iperf3Report = (text: string): Iperf3Report => {
  const report = reportSchema.safeParse(parsed(text));
  if (!report.success) {
    const words = text.trim().slice(0, FIRST_WORDS);
    return { kind: "failed", words: words === "" ? "iperf3 said nothing" : words };
  }
  if ("error" in report.data) return { kind: "failed", words: report.data.error };
  const { start, end } = report.data;
  return {
    kind: "measured",
    bitsPerSecond: end.sum_received.bits_per_second,
    // Of the sender, whichever side that is.
    retransmits: end.sum_sent.retransmits ?? null,
    program: start.version,
  };
};
