/**
 * How many times as much one thing is as another, where both were measured in the same rounds.
 */
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { z } from "zod";
import { sum } from "../statistics.ts";
import { LEVEL } from "./decision.ts";

const number = z.number();

export const ratioSchema = z.object({
  /** Geometric mean of the rounds' ratios. */
  value: number,
  /** In which both were measured. */
  rounds: z.int().positive(),
  /** 95 %; null where there are too few rounds for one. */
  interval: z.object({ low: number, high: number }).nullable(),
});
export type Ratio = z.infer<typeof ratioSchema>;

/** Of two rounds, an interval would reach from next to nothing to many times as much. */
export const FEWEST_ROUNDS = 3;

/**
 * What slows a round down slows both of its values down, so each round has one ratio, and the rounds' logarithms have
 * Student's interval: exact where ratios scatter log-normally, and wide where there are few.
 *
 * @returns null where there is no round, and where a value is not above 0
 * @see Fleming and Wallace, "How not to lie with statistics", Commun. ACM 29 (1986), 218–221, for the geometric mean
 */
export const pairedRatio = (
  rounds: readonly { readonly value: number; readonly reference: number }[],
): Ratio | null => {
  if (rounds.length === 0) return null;
  if (rounds.some(({ value, reference }) => !(value > 0 && reference > 0))) return null;
  const logs = rounds.map(({ value, reference }) => Math.log(value / reference));
  const mean = sum(logs) / logs.length;
  const value = Math.exp(mean);
  if (logs.length < FEWEST_ROUNDS) return { value, rounds: logs.length, interval: null };
  const variance = sum(logs.map((log) => (log - mean) ** 2)) / (logs.length - 1);
  const reach = tQuantile(1 - LEVEL / 2, logs.length - 1) * Math.sqrt(variance / logs.length);
  return {
    value,
    rounds: logs.length,
    interval: { low: Math.exp(mean - reach), high: Math.exp(mean + reach) },
  };
};
