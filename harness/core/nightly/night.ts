/**
 * What one night came to: schema `stress.nightly/1`, kept beside its journal and printed by `--json`.
 */
import { z } from "zod";
import { expectationVerdictSchema, verdictOfExpectations } from "../expectations/verdict.ts";
import { summarySchema, type Verdict } from "../summary.ts";
import { armRegressionSchema } from "./regression.ts";

const text = z.string();

const REGRESSIONS = [
  /** Every arm was compared, and none is worse. */
  "none",
  /** Worse, and worse again in the second run, or no second run was wanted. */
  "confirmed",
  /** Worse, and not so in the second run: chance, most likely. */
  "not confirmed",
  /** Worse, and there is no second run that could say more. */
  "suspected",
  /** There is no baseline, or too little on one side. */
  "unknown",
] as const;
export type Regression = (typeof REGRESSIONS)[number];

export const nightSchema = z.object({
  schema: z.literal("stress.nightly/1"),
  run: text,
  /** The second run; null where none was needed. */
  confirmation: text.nullable(),
  simulated: z.boolean(),
  ended: summarySchema.shape.ended,
  /** Runs that it was compared with, oldest first. */
  baseline: z.array(text),
  regression: z.enum(REGRESSIONS),
  /** Arms with a confirmed or suspected regression. */
  worse: z.array(text),
  arms: z.array(armRegressionSchema),
  /** The same of the second run. */
  again: z.array(armRegressionSchema),
  /** Of the run itself and against the baseline. */
  expectations: z.array(expectationVerdictSchema),
  /** Waves that left objects behind. */
  leaks: z.int().nonnegative(),
  verdict: summarySchema.shape.verdict,
  /** What the verdict rests on, one sentence each. */
  reasons: z.array(text),
});
export type Night = z.infer<typeof nightSchema>;

type Grounds = Pick<Night, "ended" | "regression" | "expectations" | "leaks">;

/**
 * A regression is an alarm once it is confirmed. Beside it, what was expected decides; where nothing was, a night
 * that could not be compared shows nothing, and is unknown. Failures alone are no alarm: whether they are more than
 * usual is the question.
 */
export const nightVerdict = ({ ended, regression, expectations, leaks }: Grounds): Verdict => {
  const expected = expectations.length === 0 ? null : verdictOfExpectations(expectations);
  if (regression === "confirmed" || expected === "violated" || leaks > 0) return "violated";
  if (ended !== "completed" || regression === "suspected" || expected === "unknown") {
    return "unknown";
  }
  return expected === "holds" || regression !== "unknown" ? "holds" : "unknown";
};
