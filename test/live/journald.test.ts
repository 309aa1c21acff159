import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { foundLog, type FoundEngine } from "../../docker/evidence/daemon-log.ts";
import type { JournalOptions } from "../../docker/evidence/systemd-journal.ts";
import type { LogSource } from "../../docker/evidence/witness.ts";
import { logLine } from "../../harness/core/log-line.ts";
import { systemdPrograms, type SystemdPrograms } from "./systemd-programs.ts";

const directory = mkdtempSync(join(tmpdir(), "stress-journald-"));
let programs: SystemdPrograms;

beforeAll(async () => {
  programs = await systemdPrograms(directory, AbortSignal.timeout(300_000));
}, 300_000);

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Text fields on one line, all others with their length before them: systemd's export format. */
const exported = ({ at, message, fields }: Entry): Buffer => {
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  const head = [
    `__REALTIME_TIMESTAMP=${String(at * 1000)}`,
    `__MONOTONIC_TIMESTAMP=${String((at % 1_000_000_000) * 1000)}`,
    "_BOOT_ID=0123456789abcdef0123456789abcdef",
    ...Object.entries(fields).map(([name, value]) => `${name}=${value}`),
    "MESSAGE\n",
  ].join("\n");
  return Buffer.concat([Buffer.from(head), length, bytes, Buffer.from("\n\n")]);
};

const START = Date.parse("2026-11-21T04:00:00Z");
const ROOTLESS = { _SYSTEMD_USER_UNIT: "docker.service", _UID: "1000", PRIORITY: "6" };
const SYSTEM = { _SYSTEMD_UNIT: "docker.service", _UID: "0", PRIORITY: "6" };
const CONTAINERD = { _SYSTEMD_UNIT: "containerd.service", _UID: "0", PRIORITY: "6" };

interface Journal {
  readonly add: (entries: readonly Entry[]) => Promise<void>;
  readonly journalctl: JournalOptions["journalctl"];
}

let journals = 0;

/** A journal of a test's own, with entries to begin with. */
const journalOf = async (entries: readonly Entry[]): Promise<Journal> => {
  journals += 1;
  const place = join(directory, `journal-${String(journals)}`);
  mkdirSync(place);
  const text = join(directory, "export");
  const add: Journal["add"] = async (more) => {
    writeFileSync(text, Buffer.concat(more.map(exported)));
    await programs.addToJournal(text, join(place, "system.journal"));
  };
  await add(entries);
  return { add, journalctl: [...programs.journalctl, `--directory=${place}`] };
};

const ENGINE: FoundEngine = { file: null, rootless: true, uid: 1000, since: new Date(START) };

const opened = async (engine: FoundEngine, { journalctl }: Journal): Promise<LogSource> => {
  const log = await foundLog(engine, journalctl);
  if (log === null) throw new Error("the journal knows the unit");
  return log;
};

const said = (seconds: number, message: string, fields: Entry["fields"] = ROOTLESS): Entry => ({
  at: START + seconds * 1000,
  message,
  fields,
});

const line = (text: string): string => `time="2026-11-21T04:00:01.5Z" level=info msg="${text}"`;

test("each reading gives what the daemon has written since the last, as it wrote it", async () => {
  const journal = await journalOf([said(-60, line("before the run")), said(1, line("one"))]);
  const log = await opened(ENGINE, journal);
  expect(await log.newLines()).toEqual([line("one")]);
  await journal.add([said(2, line("two")), said(3, line("three"))]);
  expect(await log.newLines()).toEqual([line("two"), line("three")]);
  expect(await log.newLines()).toEqual([]);
});

test("a journal that begins with nothing of the run is read from the run's start on", async () => {
  const journal = await journalOf([said(-60, line("before the run"))]);
  const log = await opened(ENGINE, journal);
  expect(await log.newLines()).toEqual([]);
  await journal.add([said(0, line("first"))]);
  expect(await log.newLines()).toEqual([line("first")]);
});

test("a user's daemon is told from another user's and from the system's", async () => {
  const journal = await journalOf([
    said(1, line("ours")),
    said(2, line("another user's"), { ...ROOTLESS, _UID: "1001" }),
    said(3, line("the system's"), SYSTEM),
    said(4, line("its containerd's"), CONTAINERD),
    said(5, line("somebody else's"), { ...SYSTEM, _SYSTEMD_UNIT: "cron.service" }),
  ]);
  expect(await (await opened(ENGINE, journal)).newLines()).toEqual([line("ours")]);
  const rootful = await opened({ ...ENGINE, rootless: false, uid: 0 }, journal);
  expect(await rootful.newLines()).toEqual([line("the system's"), line("its containerd's")]);
});

test("a journal without a unit of docker's is no log", async () => {
  const journal = await journalOf([said(1, "x", { ...SYSTEM, _SYSTEMD_UNIT: "cron.service" })]);
  expect(await foundLog(ENGINE, journal.journalctl)).toBeNull();
});

test("words without a time of their own get the journal's, and its level", async () => {
  const journal = await journalOf([
    said(1, "panic: nil", { ...ROOTLESS, PRIORITY: "3" }),
    said(2, 'two "lines"\nof one entry'),
  ]);
  const lines = await (await opened(ENGINE, journal)).newLines();
  expect((lines ?? []).map(logLine)).toMatchObject([
    { at: START + 1000, level: "error", message: "panic: nil" },
    { at: START + 2000, level: "info", message: 'two "lines"' },
    { at: START + 2000, level: "info", message: "of one entry" },
  ]);
});

test("control characters and messages of many kilobytes come through whole", async () => {
  const control = line("red \u001b[31m für dich \u0000");
  const long = line("x".repeat(100_000));
  const journal = await journalOf([said(1, control), said(2, long)]);
  expect(await (await opened(ENGINE, journal)).newLines()).toEqual([control, long]);
});

test("a journal that can no longer be read is null, and nothing is lost when it is back", async () => {
  const journal = await journalOf([said(1, line("one"))]);
  const away = join(directory, `journal-${String(journals)}`);
  const log = await opened(ENGINE, journal);
  await log.newLines();
  renameSync(away, `${away}.away`);
  expect(await log.newLines()).toBeNull();
  renameSync(`${away}.away`, away);
  await journal.add([said(2, line("two"))]);
  expect(await log.newLines()).toEqual([line("two")]);
});
