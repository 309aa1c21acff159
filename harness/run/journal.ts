import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { eventSchema, type Event } from "../core/events.ts";
import { messageOf, StressError } from "../core/errors.ts";
import type { Journal } from "../core/ports.ts";

/** A journal on disk that also keeps its events for the report at the end of the run. */
export interface FileJournal extends Journal {
  readonly events: readonly Event[];
  readonly close: () => void;
}

export interface JournalOptions {
  /** Must not exist yet. */
  readonly path: string;
  /** Called once, with the first write that failed. */
  readonly onFailure: (error: StressError) => void;
  /** Called after each event, for narration between waves; must not do work inside a wave. */
  readonly onEvent: (event: Event) => void;
}

/**
 * One line an event, handed to the kernel before `append` returns: a killed process loses at most the line
 * it was writing.
 *
 * @throws StressError("output") when the file cannot be created
 */
export const openJournal = ({ path, onFailure, onEvent }: JournalOptions): FileJournal => {
  const events: Event[] = [];
  let failed = false;
  let file: number;
  try {
    file = openSync(path, "ax", 0o644);
  } catch (error) {
    throw new StressError("output", `cannot write the journal: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const write = (line: Buffer): void => {
    for (let offset = 0; offset < line.length;) offset += writeSync(file, line, offset);
  };
  return {
    events,
    append: (event) => {
      events.push(event);
      if (!failed) {
        try {
          write(Buffer.from(`${JSON.stringify(event)}\n`));
        } catch (error) {
          failed = true;
          const words = `the journal ${path} is incomplete: ${messageOf(error)}`;
          onFailure(new StressError("output", words, { cause: error }));
        }
      }
      onEvent(event);
    },
    close: () => {
      closeSync(file);
    },
  };
};

/**
 * Reads a journal back. The last line may be cut short (the process was killed in the middle of it) and is
 * then left out; any other bad line is an error.
 *
 * @throws StressError("usage") when there is no such file, StressError("corrupt") for a bad line
 */
export const readJournal = (path: string): readonly Event[] => {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    throw new StressError("usage", `cannot read the journal: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const lines = content.split("\n");
  // Behind the last newline there is nothing, or the line that was being written.
  lines.pop();
  return lines.map((line, index): Event => {
    try {
      return eventSchema.parse(JSON.parse(line));
    } catch (error) {
      throw new StressError(
        "corrupt",
        `${path}:${String(index + 1)} is not an event of a journal this version can read`,
        { cause: error },
      );
    }
  });
};
