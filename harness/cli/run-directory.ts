/**
 * Where a run keeps its journal and its reports: `<out>/<run id>/`, with `<out>/latest` pointing at the newest.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, StressError } from "../core/errors.ts";
import { writeWhole } from "./write-whole.ts";

export const JOURNAL_FILE = "events.ndjson";

/** `20261121-042500-3f2a`: sorts by time; the random part keeps two runs of one second apart. */
export const newRunId = (now: Date, random: string): string => {
  const digits = now
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:]/g, "");
  return `${digits.replace("T", "-")}-${random}`;
};

/** Not `recursive`: below /proc that never comes to an end. */
const makeDirectories = (directory: string): void => {
  if (existsSync(directory)) return;
  makeDirectories(dirname(directory));
  mkdirSync(directory);
};

/**
 * @returns the absolute path of the new, empty directory
 * @throws StressError("usage") when `out` cannot be written to: nothing has been started yet
 */
export const createRunDirectory = (out: string, run: string): string => {
  const directory = resolve(out, run);
  try {
    makeDirectories(resolve(out));
    accessSync(resolve(out), constants.W_OK);
    mkdirSync(directory);
  } catch (error) {
    throw new StressError("usage", `--out ${out} cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return directory;
};

/** Removes the directory of a run that wrote nothing. */
export const removeIfEmpty = (directory: string): void => {
  if (readdirSync(directory).length === 0) rmdirSync(directory);
};

/** @throws StressError("output") */
export const writeReport = (directory: string, name: string, content: string): void => {
  writeWhole(join(directory, name), content);
};

/** Points `<out>/latest` at the run. @throws StressError("output") */
export const pointLatest = (out: string, run: string): void => {
  const link = join(resolve(out), "latest");
  // A name of this run alone: two runs that end at once must not take each other's link away.
  const beside = `${link}.${run}.new`;
  try {
    symlinkSync(run, beside);
    renameSync(beside, link);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new StressError("output", `cannot point ${link} at ${run}: ${messageOf(error)}`, {
      cause: error,
    });
  }
};

/**
 * The directory of a run named by its id, by `latest`, or by its path.
 *
 * @throws StressError("usage") when it holds no journal
 */
export const findRunDirectory = (out: string, run: string): string => {
  const candidates = [resolve(out, run), resolve(run)];
  const found = candidates.find((directory) => existsSync(join(directory, JOURNAL_FILE)));
  if (found !== undefined) return found;
  throw new StressError(
    "usage",
    `there is no run "${run}": no ${JOURNAL_FILE} in ${candidates.join(" or ")}`,
  );
};
