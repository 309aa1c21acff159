/**
 * Where failures begin, as far as it was seen: no model, only counts.
 */
import { z } from "zod";
import { rateSchema } from "../measures.ts";
import { rate } from "../statistics.ts";

/** All jobs that were released N at a time. */
export interface JobCount {
  readonly n: number;
  readonly failed: number;
  readonly of: number;
}

const seenSchema = z.object({ n: z.int().positive(), rate: rateSchema });

export const onsetSchema = z.object({
  /** The smallest N at which a job failed; null where none did at any. */
  first: seenSchema.nullable(),
  /** The largest N below that at which none did; null where there is none. */
  clean: seenSchema.nullable(),
});
export type Onset = z.infer<typeof onsetSchema>;

const seen = ({ n, failed, of }: JobCount) => ({ n, rate: rate({ failed, of }) });

/** @param counts - in ascending order of N; those without a job say nothing */
export const onset = (counts: readonly JobCount[]): Onset => {
  const told = counts.filter(({ of }) => of > 0);
  const first = told.find(({ failed }) => failed > 0);
  const clean = told.findLast(({ n }) => first === undefined || n < first.n);
  return {
    first: first === undefined ? null : seen(first),
    clean: clean === undefined ? null : seen(clean),
  };
};
