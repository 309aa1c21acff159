import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Event } from "../../../harness/core/events.ts";
import { judge } from "../../../harness/core/judge.ts";
import { millis } from "../../../harness/core/units.ts";
import { readJournal } from "../../../harness/run/journal.ts";
import { arm, journalOf } from "../core/history.ts";
import { recorded } from "../core/recorded.ts";
import { noFalseHolds } from "./journal-mutations.ts";
import { writeJournal } from "./write-journal.ts";

const CLEAN = recorded({});

/** A path in a directory that is removed with the test. */
const journalPath = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-journal-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, "events.ndjson");
};

const linesOf = (path: string): string[] => readFileSync(path, "utf8").trimEnd().split("\n");

/** Not a number, where the types say number: what a decoder that is too trusting hands over. */
const NOT_A_NUMBER: number = Number("abc");

test("every line has its number, and the last one vouches for all before it", () => {
  const path = journalPath();
  writeJournal(path, CLEAN);
  const lines = linesOf(path).map((line) => JSON.parse(line) as { seq: number });
  expect(lines.map(({ seq }) => seq)).toEqual(CLEAN.map((_, index) => index + 1));
  const before = linesOf(path)
    .slice(0, -1)
    .map((line) => `${line}\n`);
  expect(lines.at(-1)).toMatchObject({
    event: "run.ended",
    events: CLEAN.length,
    sha256: createHash("sha256").update(before.join("")).digest("hex"),
  });
  expect([...readJournal(path)]).toEqual(CLEAN);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a journal without numbers, as earlier versions wrote it, is read", () => {
  const path = journalPath();
  writeFileSync(path, CLEAN.map((event) => `${JSON.stringify(event)}\n`).join(""));
  expect(judge(readJournal(path)).verdict).toBe("holds");
});

const MIDDLE = Math.floor(CLEAN.length / 2);

test.each<[string, (lines: readonly string[]) => readonly string[], RegExp]>([
  [
    "a missing line",
    (lines) => lines.toSpliced(MIDDLE, 1),
    /number is 17 and not 16: a line is mis/,
  ],
  [
    "a doubled line",
    (lines) => lines.toSpliced(MIDDLE, 0, lines[MIDDLE] ?? ""),
    /is 16 and not 17/,
  ],
  [
    "a line without a number",
    (lines) => lines.with(MIDDLE, (lines[MIDDLE] ?? "").replace(/"seq":\d+,/, "")),
    /is none and not 16/,
  ],
  [
    "another time of one event",
    (lines) => lines.with(MIDDLE, (lines[MIDDLE] ?? "").replace(/"at":/, '"at":1')),
    /lines before it are not those/,
  ],
  [
    "another count at its end",
    (lines) => lines.with(-1, (lines.at(-1) ?? "").replace(/"events":/, '"events":1')),
    /says another number of lines/,
  ],
  [
    "a line behind its end",
    (lines) => [
      ...lines,
      (lines.at(-2) ?? "").replace(/"seq":\d+/, `"seq":${String(lines.length + 1)}`),
    ],
    /goes on after its end/,
  ],
])("%s is found", (_, damage, words) => {
  const path = journalPath();
  writeJournal(path, CLEAN);
  writeFileSync(
    path,
    damage(linesOf(path))
      .map((line) => `${line}\n`)
      .join(""),
  );
  expect(() => judge(readJournal(path))).toThrow(words);
});

test("a damaged journal is never HOLDS", { timeout: 60_000 }, () => {
  fc.assert(noFalseHolds(journalPath()), { numRuns: 200 });
});

test("an answer that no reader would accept is written as refused, whole, and the journal is read back", () => {
  const path = journalPath();
  const events = CLEAN.map((event): Event =>
    event.event === "answered" && event.operation === "container.create"
      ? {
          ...event,
          answer: {
            kind: "done",
            bindings: [{ containerPort: 6379, hostIp: "0.0.0.0", hostPort: NOT_A_NUMBER }],
          },
        }
      : event,
  );
  const kept = writeJournal(path, events);
  const read = [...readJournal(path)];
  expect(read).toEqual(kept);
  expect(
    read.find((event) => event.event === "answered" && event.answer.kind === "refused"),
  ).toMatchObject({
    answer: {
      by: "harness",
      message: expect.stringMatching(/bindings\.0\.hostPort: .*"hostPort":"NaN"/) as string,
    },
  });
  expect(judge(read).verdict).toBe("violated");
});

test("any other event that no reader would accept is kept as text, and its run is not HOLDS", () => {
  const path = journalPath();
  const seen = {
    event: "daemon.logged",
    at: millis(1),
    wave: 1,
    lines: ["level=error"],
    dropped: NOT_A_NUMBER,
  } as const;
  writeJournal(path, CLEAN.toSpliced(-1, 0, seen));
  const [refused] = [...readJournal(path)].filter(({ event }) => event === "event.refused");
  expect(refused).toMatchObject({
    kind: "daemon.logged",
    raw: expect.stringContaining('"level=error"') as string,
  });
  const { verdict, reasons } = judge(readJournal(path));
  expect(verdict).toBe("unknown");
  expect(reasons).toContainEqual(
    expect.stringMatching(
      /^1 event could not be written to the journal, the first a daemon\.logged/,
    ),
  );
});

test("lines longer than what is read at once, and characters across its edge, are read whole", () => {
  const path = journalPath();
  const logged = Array.from({ length: 3 }, (_, index): Event => ({
    event: "daemon.logged",
    at: millis(index),
    wave: 1,
    lines: ["é€𝄞".repeat(150_000 + index)],
    dropped: 0,
  }));
  const events = CLEAN.toSpliced(-2, 0, ...logged);
  writeJournal(path, events);
  expect([...readJournal(path)]).toEqual(events);
  appendFileSync(path, '{"seq":');
  expect([...readJournal(path)]).toEqual(events);
});

test("waves that are not in their order are refused", () => {
  const events = journalOf({
    arms: [arm("ports", 1)],
    waves: [{ arm: "ports" }, { arm: "ports" }],
  });
  const later = events.map((event) =>
    "wave" in event && event.wave === 2 ? { ...event, wave: 3 } : event,
  );
  expect(() => judge(later)).toThrow(/wave 3 is started where wave 2 is next/);
});
