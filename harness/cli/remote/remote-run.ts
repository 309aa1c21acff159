/**
 * One host's run: is the program there, run it beside the daemon, fetch what it left, judge it here, and only then
 * remove it there.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { printable, shortened } from "../../../reports/printable.ts";
import { messageOf, StressError } from "../../core/errors.ts";
import { history, type RunHistory } from "../../core/history.ts";
import { judgeRun } from "../../core/judge.ts";
import type { Summary } from "../../core/summary.ts";
import { readJournal } from "../../run/journal.ts";
import { JOURNAL_FILE, removeIfEmpty } from "../run-directory.ts";
import { toolVersion } from "../version.ts";
import { toDisk } from "../write-whole.ts";
import type { RemoteHost } from "./hosts.ts";
import { KEPT_IN, NOT_FOUND, removalScript, runScript, versionScript } from "./script.ts";
import { openSession, SSH_FAILED, type Session, type SshClient } from "./ssh.ts";
import { unpackRun } from "./unpack-run.ts";

export interface RemoteOrder {
  readonly host: RemoteHost;
  /** What starts the program there. */
  readonly command: string;
  /** Its arguments, `run` first. */
  readonly args: readonly string[];
  /** The local directory for runs. */
  readonly out: string;
}

export type RemoteResult =
  | {
      readonly kind: "fetched";
      readonly host: string;
      readonly run: RunHistory;
      readonly summary: Summary;
      /** Where it is here. */
      readonly directory: string;
      /** The one with which the program over there ended. */
      readonly exitCode: number | null;
    }
  /** Nothing is known of its run. */
  | { readonly kind: "lost"; readonly host: string; readonly why: string };

interface Edges {
  readonly ssh: SshClient;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A newer journal may hold what we cannot read; before 1.0 a minor version may change anything. */
export const isCompatible = (theirs: string, ours: string): boolean => {
  const significant = (version: string): string => {
    const [major = "", minor = ""] = version.split(".");
    return major === "0" ? `${major}.${minor}` : major;
  };
  return significant(theirs) === significant(ours);
};

const WORDS_WIDTH = 300;

const words = (line: string): string => shortened(printable(line), WORDS_WIDTH);

/** To connect and to start Node: on an emulated machine 14 s, in milliseconds. */
const VERSION_MS = 120_000;

/** What npm says before it included, in characters. */
const VERSION_LIMIT = 65_536;

const versionSaid = async ({ stdout, giveUp }: Session): Promise<string> => {
  let said = "";
  for await (const chunk of stdout.setEncoding("utf8")) {
    said += String(chunk);
    if (said.length <= VERSION_LIMIT) continue;
    giveUp("it wrote more than 64 KiB instead of a version");
    break;
  }
  return said;
};

/** @throws StressError("environment") saying what is to be done there */
const checkProgram = async ({ host, command }: RemoteOrder, edges: Edges): Promise<void> => {
  const said: string[] = [];
  const session = openSession(
    edges.ssh,
    { host, script: versionScript(command) },
    { say: (line) => said.push(line), signal: edges.signal },
  );
  const late = setTimeout(session.giveUp, VERSION_MS, "it did not tell its version in 2 minutes");
  const [printed, code] = await Promise.all([versionSaid(session), session.ended]);
  clearTimeout(late);
  const refuse = (why: string): never => {
    throw new StressError("environment", why);
  };
  if (code === SSH_FAILED || code === null)
    refuse(`cannot be reached: ${words(session.lastWords())}`);
  if (code === NOT_FOUND) {
    refuse(
      `has no \`${command}\` (${words(session.lastWords())}); a session without a terminal has a short PATH: name it whole with --command`,
    );
  }
  if (code !== 0) {
    for (const line of said) edges.say(`${host.name}: ${words(line)}`);
    refuse(`\`${command} --version\` ended with ${String(code)}: ${words(session.lastWords())}`);
  }
  // What npm says of itself comes before.
  const theirs = printed.trim().split("\n").at(-1)?.trim() ?? "";
  const ours = toolVersion();
  if (!/^\d+\.\d+\.\d+/.test(theirs)) {
    refuse(`\`${command} --version\` says ${JSON.stringify(words(theirs))}, which is no version`);
  }
  if (!isCompatible(theirs, ours)) {
    refuse(`has version ${words(theirs)} and this is ${ours}: let both be the same`);
  }
};

const RUN_ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/;

/** Puts the one run that was fetched in its place. @throws StressError if it is not one that can be judged */
const adopt = (
  fetched: string,
  out: string,
): Pick<Extract<RemoteResult, { kind: "fetched" }>, "run" | "summary" | "directory"> => {
  const names = readdirSync(fetched);
  const [name = ""] = names;
  if (names.length !== 1 || !RUN_ID.test(name)) {
    throw new StressError("corrupt", `one run was expected, and not ${words(names.join(", "))}`);
  }
  const run = history(readJournal(join(fetched, name, JOURNAL_FILE)));
  if (run.started.run !== name) {
    throw new StressError(
      "corrupt",
      `the journal in ${name} is that of run ${words(run.started.run)}`,
    );
  }
  const summary = judgeRun(run);
  const directory = resolve(out, name);
  if (existsSync(directory)) {
    throw new StressError("output", `run ${name} is already in ${directory}`);
  }
  renameSync(join(fetched, name), directory);
  toDisk(resolve(out));
  return { run, summary, directory };
};

/** Where a run is that could not be judged; empty if nothing of it was fetched. */
const keptHere = (fetched: string | null): string =>
  fetched !== null && existsSync(fetched) && readdirSync(fetched).length > 0
    ? `; what was fetched is kept in ${fetched}`
    : "";

/** To connect and to remove one directory, in milliseconds. */
const REMOVAL_MS = 120_000;

/** @returns whether the host removed it */
const removeThere = async (
  kept: string | null,
  { host }: RemoteOrder,
  { ssh, signal }: Edges,
): Promise<boolean> => {
  const script = kept === null ? null : removalScript(kept);
  if (script === null) return false;
  const session = openSession(ssh, { host, script }, { say: () => undefined, signal });
  session.stdout.resume();
  const late = setTimeout(session.giveUp, REMOVAL_MS, "it did not remove its copy in 2 minutes");
  const code = await session.ended;
  clearTimeout(late);
  return code === 0;
};

/** Never rejects: a host that is lost costs nothing but its own part. */
export const remoteRun = async (order: RemoteOrder, edges: Edges): Promise<RemoteResult> => {
  const { host, command, args, out } = order;
  const { name } = host;
  const kept: { here: string | null; in: string | null } = { here: null, in: null };
  const say = (line: string): void => {
    if (line.startsWith(KEPT_IN)) kept.in = line.slice(KEPT_IN.length);
    else edges.say(`${name}: ${words(line.replace(/^stress: /, ""))}`);
  };
  try {
    await checkProgram(order, edges);
    edges.signal.throwIfAborted();
    const fetched = mkdtempSync(resolve(out, `fetched-${name.replace(/[^\w.-]/g, "_")}-`));
    kept.here = fetched;
    const { ssh, signal } = edges;
    const session = openSession(ssh, { host, script: runScript(command, args) }, { say, signal });
    const unpacked = unpackRun(session.stdout.pipe(createGunzip()), fetched).then(
      () => null,
      (error: unknown) => {
        // What it would still send has no reader any more.
        session.stdout.resume();
        return messageOf(error);
      },
    );
    const [failure, exitCode] = await Promise.all([unpacked, session.ended]);
    if (exitCode === SSH_FAILED || exitCode === null) {
      throw new StressError("environment", `the connection is gone: ${words(session.lastWords())}`);
    }
    if (failure !== null) throw new StressError("corrupt", failure);
    if (readdirSync(fetched).length === 0) {
      kept.in = null;
      const why = `its run ended with ${String(exitCode)} before it began: ${words(session.lastWords())}`;
      throw new StressError("environment", why);
    }
    const result = { kind: "fetched", host: name, exitCode, ...adopt(fetched, out) } as const;
    if (!(await removeThere(kept.in, order, edges))) {
      edges.say(
        `${name}: its copy over there was not removed: ${words(kept.in ?? "it did not say where that is")}`,
      );
    }
    return result;
  } catch (error) {
    const there = kept.in === null ? "" : `; over there it is in ${words(kept.in)}`;
    return { kind: "lost", host: name, why: `${messageOf(error)}${keptHere(kept.here)}${there}` };
  } finally {
    if (kept.here !== null && existsSync(kept.here)) removeIfEmpty(kept.here);
  }
};
