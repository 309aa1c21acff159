import { formatMillis, type Millis } from "./units.ts";

/** Why the tool itself cannot go on. A failure of the system under test is data, never an error. */
export type ErrorCode =
  /** A wrong flag, file or value: nothing was started. */
  | "usage"
  /** No engine, or an engine or machine that cannot be used. */
  | "environment"
  /** The journal or the reports could not be written. */
  | "output"
  /** A file of ours (journal, summary, engine record) that cannot be read back. */
  | "corrupt"
  /** The engine went away during the run. */
  | "engine-lost";

/** Exit codes of the command, as promised in the README. */
export const EXIT = {
  holds: 0,
  violated: 1,
  unknown: 2,
  environment: 3,
  usage: 64,
  internal: 70,
  sigint: 130,
  sigterm: 143,
} as const;

/**
 * The one error class. The message says what, where, and the next action, in one line.
 */
export class StressError extends Error {
  override readonly name = "StressError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return this.code === "usage" ? EXIT.usage : EXIT.environment;
  }
}

/** The reason with which a signal aborts when a deadline passed, as opposed to a cancelled run. */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
  readonly duration: Millis;

  constructor(duration: Millis) {
    super(`no answer within ${formatMillis(duration)}`);
    this.duration = duration;
  }
}

/** For the `default` of a switch over a union: a new variant becomes a compile error. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
};

/** The words of anything thrown, for a place that only has room for words. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
