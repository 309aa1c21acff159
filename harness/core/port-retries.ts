/**
 * Dynamic ports that the daemon tried, lost and said nothing of but in its log: 20.10–27 and 28.3–28.5 go on to the
 * next port, up to ten times, so that no job fails by them. 29 does so only for a port that is taken in its own
 * namespace, often by a TIME_WAIT socket of earlier traffic there.
 */
import { z } from "zod";
import { classify } from "./classify.ts";
import { portRetryLines } from "./known-log-lines.ts";
import { logLine } from "./log-line.ts";
import { portNamedIn } from "./questions.ts";

export const portRetrySchema = z.object({
  /** Wall clock, milliseconds since 1970; null where the line has no time. */
  at: z.number().nullable(),
  /** The port that was lost; null where the words name none. */
  port: z.int().nullable(),
  /** 1 … 10 for one published port. */
  attempt: z.int().positive().nullable(),
  /** What the words say, e.g. `port.rootlesskit_addport_in_use`. */
  class: z.string(),
  /** Why, as the daemon says it. */
  words: z.string(),
});
export type PortRetry = z.infer<typeof portRetrySchema>;

/** The message of 20.10–27 holds the words and the attempt; that of 28.3 and later has them beside it. */
const WITHIN = /^Failed to allocate and map port: (.*), retry: (\d{1,3})$/s;

const attemptOf = (text: string | undefined): number | null => {
  const attempt = Number(text ?? Number.NaN);
  return Number.isInteger(attempt) && attempt > 0 ? attempt : null;
};

/** Of any lines of the daemon's log, those that tell of a lost port, in their order. */
export const portRetries = (lines: readonly string[]): readonly PortRetry[] =>
  portRetryLines(lines).map((raw): PortRetry => {
    const { at, message, fields } = logLine(raw);
    const within = WITHIN.exec(message);
    const words = within?.[1] ?? fields.get("error") ?? message;
    return {
      at,
      port: portNamedIn(words),
      attempt: attemptOf(within?.[2] ?? fields.get("attempt")),
      class: classify(words, { phase: "container_start", by: "daemon" }).class,
      words,
    };
  });
