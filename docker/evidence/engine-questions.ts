/**
 * How the engine under test is asked for evidence: briefly, because it may be what hangs.
 */
import type { z } from "zod";
import { decode } from "../client/daemon-schemas.ts";

/**
 * One GET of the Engine API.
 *
 * @param path - without the version prefix; query included
 * @returns the decoded JSON, or a Buffer for any other body
 * @throws whatever it is when no success was answered before the signal
 */
export type Ask = (path: string, signal: AbortSignal) => Promise<unknown>;

export interface EngineQuestions {
  readonly ask: Ask;
  /** For one question, in milliseconds. */
  readonly deadlineMs: number;
}

/** What the engine says, of that shape; null when it refuses, is late, or says something else. */
export const told = async <Schema extends z.ZodType>(
  { ask, deadlineMs }: EngineQuestions,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> => {
  try {
    return decode(schema, await ask(path, AbortSignal.timeout(deadlineMs)), path);
  } catch {
    return null;
  }
};
