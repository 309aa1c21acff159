/**
 * The journal on disk: one line an event, each with its number; the last line says how many there are and has the
 * SHA-256 of all lines before it, which `head -n -1 events.ndjson | sha256sum` prints too.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { eventSchema, SEALED_SINCE, sealSchema, type Event } from "../core/events.ts";
import { messageOf, StressError } from "../core/errors.ts";
import type { Journal } from "../core/ports.ts";
import { millis } from "../core/units.ts";

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

/** JSON has no such numbers: as text they are evidence, as `null` they are lost. */
const rawText = (event: Event): string =>
  JSON.stringify(event, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );

/**
 * The event, or what stands for it if no reader would accept it: an answer that cannot be written down is refused by
 * the harness, so that its operation has an answer; of anything else only the text is kept.
 */
const readable = (event: Event): Event => {
  const checked = eventSchema.safeParse(event);
  if (checked.success) return event;
  const [issue] = checked.error.issues;
  const why = `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`;
  const raw = rawText(event);
  if (event.event === "answered") {
    const message = `the answer cannot be written down (${why}): ${raw}`;
    const standIn: Event = { ...event, answer: { kind: "refused", by: "harness", message } };
    if (eventSchema.safeParse(standIn).success) return standIn;
  }
  const at = Number.isFinite(event.at) ? event.at : millis(0);
  return { event: "event.refused", at, kind: event.event, why, raw };
};

/**
 * One line an event, handed to the kernel before `append` returns: a killed process loses at most the line
 * it was writing. Nothing is written that `readJournal` would refuse.
 *
 * @throws StressError("output") when the file cannot be created
 */
export const openJournal = ({ path, onFailure, onEvent }: JournalOptions): FileJournal => {
  const events: Event[] = [];
  const digest = createHash("sha256");
  let failed = false;
  let file: number;
  try {
    // It holds the daemon's log, which may hold anything.
    file = openSync(path, "ax", 0o600);
  } catch (error) {
    throw new StressError("output", `cannot write the journal: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const write = (line: Buffer): void => {
    for (let offset = 0; offset < line.length;) offset += writeSync(file, line, offset);
  };
  const lineOf = (event: Event): Buffer => {
    const seq = events.length;
    const seal =
      event.event === "run.ended" ? { events: seq, sha256: digest.copy().digest("hex") } : {};
    return Buffer.from(`${JSON.stringify({ seq, ...event, ...seal })}\n`);
  };
  return {
    events,
    append: (given) => {
      const event = readable(given);
      events.push(event);
      if (!failed) {
        try {
          const line = lineOf(event);
          write(line);
          digest.update(line);
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

/** Read at once, in bytes. */
const CHUNK = 1024 * 1024;

/** Longest line, in bytes: V8 has no strings of more than 512 MiB. A wave's log has 20,000 lines at most. */
const LONGEST_LINE = 256 * 1024 * 1024;

const NEWLINE = "\n".charCodeAt(0);

/** Whole lines, each with its newline; what is behind the last newline was being written, and is left out. */
function* linesOf(file: number): Generator<Buffer> {
  let begun: Buffer[] = [];
  let length = 0;
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const chunk = buffer.subarray(0, readSync(file, buffer));
    if (chunk.length === 0) return;
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, end + 1);
      yield begun.length === 0 ? piece : Buffer.concat([...begun, piece]);
      [begun, length, from] = [[], 0, end + 1];
    }
    begun.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST_LINE) throw new RangeError("a line of more than 256 MiB");
  }
}

/** Whether each line is the one that was written there. */
class Seal {
  readonly #digest = createHash("sha256");
  #lines = 0;
  /** Since version 5 every line has its number. */
  #isSealed = false;

  /** @throws RangeError saying what is wrong */
  check(line: Buffer, parsed: unknown, event: Event): void {
    const { seq, events, sha256 } = sealSchema.parse(parsed);
    this.#lines += 1;
    if (event.event === "run.started" && this.#lines === 1) {
      this.#isSealed = seq !== undefined || event.journal >= SEALED_SINCE;
    }
    const expected = this.#isSealed ? this.#lines : undefined;
    if (seq !== expected) {
      const [found, wanted] = [String(seq ?? "none"), String(expected ?? "none")];
      throw new RangeError(
        `its number is ${found} and not ${wanted}: a line is missing or doubled`,
      );
    }
    if (this.#isSealed && event.event === "run.ended") {
      if (events !== this.#lines) throw new RangeError("it says another number of lines");
      if (sha256 !== this.#digest.copy().digest("hex")) {
        throw new RangeError("the lines before it are not those that were written");
      }
    }
    this.#digest.update(line);
  }
}

/**
 * Reads a journal back, line by line: no more of it is in memory than one piece. The last line may be cut short (the
 * process was killed in the middle of it) and is then left out; any other bad line is an error.
 *
 * @throws StressError("usage") when there is no such file, StressError("corrupt") for a bad line; both when the first
 * event, or that line, is asked for
 */
export function* readJournal(path: string): Generator<Event> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new StressError("usage", `cannot read the journal: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const seal = new Seal();
  let number = 1;
  try {
    for (const line of linesOf(file)) {
      const parsed: unknown = JSON.parse(line.toString("utf8"));
      const event = eventSchema.parse(parsed);
      seal.check(line, parsed, event);
      yield event;
      number += 1;
    }
  } catch (error) {
    const why = error instanceof RangeError ? `: ${error.message}` : "";
    throw new StressError(
      "corrupt",
      `${path}:${String(number)} is not an event of a journal this version can read${why}`,
      { cause: error },
    );
  } finally {
    closeSync(file);
  }
}
