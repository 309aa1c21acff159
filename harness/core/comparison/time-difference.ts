/**
 * Is one arm slower than another? One value a wave, because the jobs of a wave share the engine's time.
 */
import { z } from "zod";
import { median, sorted } from "../statistics.ts";
import { decided, decisionSchema, LEVEL, UNDECIDED } from "./decision.ts";
import { hodgesLehmann, mannWhitney, smallestRankP } from "./rank-sum.ts";

const number = z.number();

const timedSchema = z.object({
  waves: z.int().nonnegative(),
  /** Milliseconds; null where there is none. */
  median: number.nullable(),
});

export const timeDifferenceSchema = z.object({
  baseline: timedSchema,
  arm: timedSchema,
  /**
   * Arm less baseline, in milliseconds: Hodges and Lehmann's, with its 95 % interval where so few waves have one. Null where
   * one of them has no wave.
   */
  shift: z
    .object({ value: number, interval: z.object({ low: number, high: number }).nullable() })
    .nullable(),
  /** By Mann and Whitney's test. */
  ...decisionSchema.shape,
});
export type TimeDifference = z.infer<typeof timeDifferenceSchema>;

const timedOf = (values: readonly number[]) => ({
  waves: values.length,
  median: values.length === 0 ? null : median(sorted(values)),
});

/**
 * Not yet corrected for asking often: see `corrected`. Three waves against three show nothing, four against four can.
 *
 * @param times - milliseconds, one value a wave
 */
export const timeDifference = (times: {
  readonly baseline: readonly number[];
  readonly arm: readonly number[];
}): TimeDifference => {
  const { baseline, arm } = times;
  const both = baseline.length > 0 && arm.length > 0;
  const smallestP = both ? smallestRankP(arm.length, baseline.length) : 1;
  return {
    baseline: timedOf(baseline),
    arm: timedOf(arm),
    shift: both ? hodgesLehmann(arm, baseline) : null,
    ...(smallestP < LEVEL ? decided({ p: mannWhitney(arm, baseline), smallestP }) : UNDECIDED),
  };
};
