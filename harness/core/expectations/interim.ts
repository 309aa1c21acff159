/**
 * A look at a run under way, as its journal keeps it.
 */
import { z } from "zod";

const text = z.string();

const interimFindingSchema = z.object({
  /** The expectation, or the two arms: `ports/n16 against noports/n16`. */
  about: text,
  /** What was decided at a look stays decided. */
  verdict: z.enum(["holds", "violated", "differs", "unknown"]),
  /** The block after which it was decided; null where it is not. */
  decidedAfter: z.int().positive().nullable(),
  words: text,
});
export type InterimFinding = z.infer<typeof interimFindingSchema>;

/** One look, as the journal keeps it. */
export const interimSchema = z.object({
  /** Blocks that were over. */
  block: z.int().positive(),
  blocksPlanned: z.int().positive(),
  /** Of the error of 5 %, what this look and those before it may have made. */
  spent: z.number(),
  /** The p that decides at this look: one-sided for expectations, two-sided for arms. */
  level: z.number(),
  /** Everything is decided: the run may stop. */
  decided: z.boolean(),
  findings: z.array(interimFindingSchema).readonly(),
  /** One line. */
  words: text,
});
export type Interim = z.infer<typeof interimSchema>;
