/**
 * What became of expectations, as data that a summary and a journal can keep.
 */
import { z } from "zod";

const text = z.string();
const verdict = z.enum(["holds", "violated", "unknown"]);

/** One arm, held against its bound. */
const armFindingSchema = z.object({
  arm: text,
  verdict,
  /** The numbers, and what they show with which confidence, or what is missing. */
  words: text,
});
export type ArmFinding = z.infer<typeof armFindingSchema>;

export const expectationVerdictSchema = z.object({
  /** `parseExpectation` reads it. */
  expectation: text,
  /** Of all its arms: each must hold it. */
  verdict,
  /** A fraction of 1: how sure `holds` or `violated` is. */
  confidence: z.number(),
  arms: z.array(armFindingSchema).readonly(),
  /** One line. */
  words: text,
});
export type ExpectationVerdict = z.infer<typeof expectationVerdictSchema>;

/** Of all of them together; none at all show nothing. */
export const verdictOfExpectations = (
  verdicts: readonly Pick<ExpectationVerdict, "verdict">[],
): ExpectationVerdict["verdict"] => {
  const any = (wanted: ExpectationVerdict["verdict"]): boolean =>
    verdicts.some((each) => each.verdict === wanted);
  if (any("violated")) return "violated";
  return any("unknown") || verdicts.length === 0 ? "unknown" : "holds";
};
