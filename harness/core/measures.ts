/**
 * Measured quantities as summaries hold them. Durations are milliseconds, shares fractions of 1.
 */
import { z } from "zod";

const number = z.number();

/** Median and extremes of a sample; null where the sample is empty. */
export const spreadSchema = z
  .object({ samples: z.int().positive(), median: number, min: number, max: number })
  .nullable();
export type Spread = z.infer<typeof spreadSchema>;

/** Wilson 95 % interval beside the observed fraction; null where nothing was observed. */
export const rateSchema = z
  .object({
    failed: z.int().nonnegative(),
    of: z.int().positive(),
    value: number,
    low: number,
    high: number,
  })
  .nullable();
export type Rate = z.infer<typeof rateSchema>;
