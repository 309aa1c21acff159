/**
 * The index of a runs directory, `<out>/index.ndjson`: one line a run, so that looking back over hundreds of nights
 * does not read hundreds of journals. The journals are the truth: whatever the index lacks, has too much of or says
 * otherwise is read from them again, so a lost or torn line costs nothing but that. It is replaced whole, never
 * written into: of two processes that bring it up to date at once, one is overtaken, and nothing is torn.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf, StressError } from "../core/errors.ts";
import { history } from "../core/history.ts";
import { runRecord, runRecordSchema, type RunRecord } from "../core/run-record.ts";
import { readJournal } from "../run/journal.ts";
import { JOURNAL_FILE } from "./run-directory.ts";
import { toolVersion } from "./version.ts";
import { writeWhole } from "./write-whole.ts";

export const INDEX_FILE = "index.ndjson";

const lineOf = (record: RunRecord): string => `${JSON.stringify(record)}\n`;

/** Bytes of the journal in each directory that has one; `latest` is a link and not a run. */
const journalSizes = (out: string, say: (line: string) => void): ReadonlyMap<string, number> =>
  new Map(
    readdirSync(out, { withFileTypes: true }).flatMap((entry) => {
      if (!entry.isDirectory()) return [];
      try {
        const journal = statSync(join(out, entry.name, JOURNAL_FILE), { throwIfNoEntry: false });
        return journal?.isFile() === true ? [[entry.name, journal.size] as const] : [];
      } catch (error) {
        say(`left out: ${messageOf(error)}`);
        return [];
      }
    }),
  );

const parsedLine = (line: string): readonly RunRecord[] => {
  try {
    const parsed = runRecordSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
};

interface KeptLines {
  readonly records: readonly RunRecord[];
  /** Every line of the file is one of these. */
  readonly whole: boolean;
}

const keptLines = (path: string): KeptLines => {
  if (!existsSync(path)) return { records: [], whole: false };
  const lines = readFileSync(path, "utf8").split("\n");
  const rest = lines.pop();
  const records = lines.flatMap(parsedLine);
  return { records, whole: rest === "" && records.length === lines.length };
};

/**
 * What the journal of a run tells; null, and said, if it cannot be read or judged: whatever is odd in one journal, the
 * other runs have their place.
 */
const recordIn = (
  out: string,
  { name, bytes, tool }: { readonly name: string; readonly bytes: number; readonly tool: string },
  say: (line: string) => void,
): RunRecord | null => {
  const path = join(out, name, JOURNAL_FILE);
  try {
    return runRecord(history(readJournal(path)), { tool, directory: name, journalBytes: bytes });
  } catch (error) {
    const why = messageOf(error);
    say(`left out: ${why.startsWith(path) ? why : `${path}: ${why}`}`);
    return null;
  }
};

/** First under a name of its own: two processes that write at once must not write one file. */
const replaceIndex = (path: string, records: readonly RunRecord[]): void => {
  const beside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    writeWhole(beside, records.map(lineOf).join(""));
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
};

const byStart = (a: RunRecord, b: RunRecord): number =>
  a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.run < b.run ? -1 : 1;

/**
 * Every run whose journal is in the directory, oldest first; the index is brought up to date on the way.
 *
 * @param say - told which journals cannot be read, and whether the index cannot be written
 * @throws StressError("usage") when there is no such directory
 */
export const indexedRuns = (out: string, say: (line: string) => void): readonly RunRecord[] => {
  const directory = resolve(out);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new StressError(
      "usage",
      `there is no directory ${directory}; --out names that of the runs`,
    );
  }
  const path = join(directory, INDEX_FILE);
  const kept = keptLines(path);
  const tool = toolVersion();
  const indexed = new Map(kept.records.map((record) => [record.directory, record]));
  let stale = !kept.whole || kept.records.length !== indexed.size;
  const records = [...journalSizes(directory, say)].flatMap(([name, bytes]) => {
    const known = indexed.get(name);
    indexed.delete(name);
    if (known?.journalBytes === bytes && known.tool === tool) return [known];
    const record = recordIn(directory, { name, bytes, tool }, say);
    stale ||= record !== null || known !== undefined;
    return record ?? [];
  });
  records.sort(byStart);
  // What is left over has no journal any more.
  if (stale || indexed.size > 0) {
    try {
      replaceIndex(path, records);
    } catch (error) {
      say(`the index is not kept: ${messageOf(error)}`);
    }
  }
  return records;
};
