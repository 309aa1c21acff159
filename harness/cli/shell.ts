import type { Paint } from "../../reports/paint.ts";
import type { Narrator } from "./narrator.ts";

/** What a command sees of the process it runs in; a test hands in its own. */
export interface Shell {
  /** As typed, without the program's name. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly stateDir: string;
  /** Aborts when the user or a broken journal cancels the run. */
  readonly signal: AbortSignal;
  readonly cancel: (reason: Error) => void;
  /** The exit code that belongs to the signal which cancelled the run; null when none did. */
  readonly interruptedBy: () => number | null;
  readonly narrator: Narrator;
  readonly say: (line: string) => void;
  /** To stdout: data, and nothing else. */
  readonly print: (text: string) => void;
  readonly paint: Paint;
}
