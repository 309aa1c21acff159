/**
 * Where the log of the engine under test is.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { StressError } from "../../harness/core/errors.ts";
import { findProgram, SYSTEM_PATH } from "../managed/program.ts";
import { LogFile } from "./log-file.ts";
import { journalHas, SystemdJournal, type JournalOptions } from "./systemd-journal.ts";
import type { LogSource } from "./witness.ts";

/** An engine that is not ours, as far as its log goes. */
export interface FoundEngine {
  /** What the user says that its log file is; null: it is looked for. */
  readonly file: string | null;
  readonly rootless: boolean;
  /** Of whoever runs the engine; null where that is not known. */
  readonly uid: number | null;
  /** Nothing older is read. */
  readonly since: Date;
}

/** The log of an engine that this tool started: a file of its own, from its first line. */
export const managedLog = (path: string): LogSource => new LogFile(path, "start");

const UNIT = "docker.service";

/** A user's unit is told from another user's by the account; a system's containerd has a unit of its own. */
const matchesOf = ({ rootless, uid }: FoundEngine): readonly string[] =>
  rootless
    ? [`_SYSTEMD_USER_UNIT=${UNIT}`, ...(uid === null ? [] : [`_UID=${String(uid)}`])]
    : [`_SYSTEMD_UNIT=${UNIT}`, "+", "_SYSTEMD_UNIT=containerd.service"];

const ownJournalctl = (): JournalOptions["journalctl"] | null => {
  const program = findProgram("journalctl", SYSTEM_PATH);
  return program === null ? null : [program];
};

/**
 * The file that the user names, else systemd's journal where it knows a unit of docker's; null where there is
 * neither.
 *
 * @param journalctl - how it is run; null where the machine has none
 * @throws StressError("usage") for a named file that cannot be read
 */
export const foundLog = async (
  engine: FoundEngine,
  journalctl: JournalOptions["journalctl"] | null = ownJournalctl(),
): Promise<LogSource | null> => {
  if (engine.file !== null) {
    const { file } = engine;
    await access(file, constants.R_OK).catch((cause: unknown) => {
      throw new StressError("usage", `--daemon-log: ${file} cannot be read`, { cause });
    });
    const log = new LogFile(file, "end");
    // The first reading finds the end; what is written from now on is the run's.
    await log.newLines();
    return log;
  }
  if (journalctl === null) return null;
  const options: JournalOptions = { journalctl, matches: matchesOf(engine) };
  return (await journalHas(options)) ? new SystemdJournal(options, engine.since) : null;
};
