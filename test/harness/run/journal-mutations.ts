/**
 * Journals that were damaged after they were written: lines missing, doubled, exchanged, cut off or changed.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { StressError } from "../../../harness/core/errors.ts";
import type { Event } from "../../../harness/core/events.ts";
import { judge } from "../../../harness/core/judge.ts";
import type { Verdict } from "../../../harness/core/summary.ts";
import { readJournal } from "../../../harness/run/journal.ts";
import { recorded, refusedBy } from "../core/recorded.ts";
import { portTaken } from "../core/history.ts";
import { writeJournal } from "./write-journal.ts";

/** Places are fractions of the journal, so that a mutation fits any. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const mutation = fc.oneof(
  fc.record({ kind: fc.constantFrom("delete", "double", "cut"), at: place }),
  fc.record({ kind: fc.constant("swap"), at: place, with: place }),
  fc.record({
    kind: fc.constant("flip"),
    at: place,
    byte: place,
    bit: fc.integer({ max: 7, min: 0 }),
  }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

const index = (fraction: number, length: number): number => Math.floor(fraction * length);

const mutated = (lines: readonly Buffer[], change: Mutation): readonly Buffer[] => {
  const at = index(change.at, lines.length);
  const line = lines[at];
  if (line === undefined) return lines;
  if ("bit" in change) {
    const flipped = Buffer.from(line);
    const byte = index(change.byte, line.length);
    flipped[byte] = (flipped[byte] ?? 0) ^ (1 << change.bit);
    return lines.with(at, flipped);
  }
  if ("with" in change) {
    const other = index(change.with, lines.length);
    return lines.with(at, lines[other] ?? line).with(other, line);
  }
  switch (change.kind) {
    case "delete":
      return lines.toSpliced(at, 1);
    case "double":
      return lines.toSpliced(at, 0, line);
    default:
      return [
        ...lines.slice(0, at),
        line.subarray(0, index(change.at * lines.length - at, line.length)),
      ];
  }
};

/** Everything else that reading and judging may throw is a mistake. */
const verdictOf = (path: string): Verdict | "corrupt" => {
  try {
    return judge(readJournal(path)).verdict;
  } catch (error) {
    if (error instanceof StressError && error.code === "corrupt") return "corrupt";
    throw error;
  }
};

const CLEAN = recorded({});

const VIOLATED = recorded({
  troubles: [
    {
      job: "w1j1",
      operation: "container.start",
      service: "redis",
      answer: refusedBy(portTaken(32770)),
    },
  ],
});

/**
 * A damaged journal is never HOLDS: unless the run held and all lines but the last, which vouches for the others, are
 * as they were written.
 *
 * @param path - a file that may be written over
 */
export const noFalseHolds = (path: string): fc.IPropertyWithHooks<unknown> => {
  const written = (events: readonly Event[]): readonly Buffer[] => {
    rmSync(path, { force: true });
    writeJournal(path, events);
    const lines = readFileSync(path, "latin1").split(/(?<=\n)/);
    return lines.map((line) => Buffer.from(line, "latin1"));
  };
  const [holds, violated] = [written(CLEAN), written(VIOLATED)];
  const vouchedFor = Buffer.concat(holds.slice(0, -1));
  return fc.property(
    fc.boolean(),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
    (isClean, mutations) => {
      const damaged = Buffer.concat(mutations.reduce(mutated, isClean ? holds : violated));
      writeFileSync(path, damaged);
      if (verdictOf(path) !== "holds") return true;
      return isClean && damaged.subarray(0, vouchedFor.length).equals(vouchedFor);
    },
  );
};
