/**
 * The system's own ssh client: its configuration, keys and known hosts are the user's, and nothing here goes past
 * them.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PassThrough, type Readable } from "node:stream";
import { endChild } from "../../../docker/child-process.ts";
import { findProgram, SYSTEM_PATH } from "../../../docker/managed/program.ts";
import { StressError } from "../../core/errors.ts";
import type { RemoteHost } from "./hosts.ts";
import { HEARTBEAT } from "./script.ts";

/** What ssh itself ends with when it could not connect, or lost the connection. */
export const SSH_FAILED = 255;

/** Nobody is asked for a password; a host that has gone is given up after two minutes. */
const OPTIONS = [
  "BatchMode=yes",
  "ConnectTimeout=20",
  "ServerAliveInterval=15",
  "ServerAliveCountMax=8",
] as const;

/** For the other side to clean up and to send its run once it has been told to stop. */
const STOP_MS = 300_000;

/** Between SIGTERM and SIGKILL for ssh itself. */
const GRACE_MS = 2000;

/** The longest line that stderr may bring. */
const LINE_LIMIT = 1024 * 1024;

export interface SshClient {
  readonly program: string;
  /** As behind ssh's `-o`; they are read before ours, and the first one counts. */
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws StressError("environment") where there is no ssh */
export const findSsh = (environment: SshClient["environment"]): string => {
  const found = findProgram("ssh", `${environment["PATH"] ?? ""}:${SYSTEM_PATH}`);
  if (found !== null) return found;
  throw new StressError("environment", "there is no ssh on this machine; install openssh-client");
};

/** @param script - for the shell over there */
export const sshArguments = (
  { destination, port }: RemoteHost,
  options: readonly string[],
  script: string,
): readonly string[] => [
  "-T",
  ...[...options, ...OPTIONS].flatMap((option) => ["-o", option]),
  ...(port === null ? [] : ["-p", String(port)]),
  // Behind it nothing is a flag.
  "--",
  destination,
  script,
];

export interface Session {
  readonly stdout: Readable;
  /** The exit code: the script's, or ssh's own; null where ssh was killed. */
  readonly ended: Promise<number | null>;
  /** What stderr said last, for messages. */
  readonly lastWords: () => string;
  /** Ends ssh at once; the other side stops because nobody listens any more. */
  readonly giveUp: (why: string) => void;
}

/**
 * Runs a script on a host. When the signal aborts its standard input ends, by which the script knows that it is to
 * stop; the session goes on until it did, for at most five minutes.
 *
 * @param say - told each line of its stderr
 */
export const openSession = (
  { program, options, environment }: SshClient,
  { host, script }: { readonly host: RemoteHost; readonly script: string },
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Session => {
  const child = spawn(program, sshArguments(host, options, script), {
    // A session of its own: Ctrl-C in the terminal is for us, who then stop the other side in order.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...environment },
  });
  let lastWords = "";
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => {
    if (line.trim() === "") return;
    lastWords = line.trim();
    say(line);
  });
  const stdout = new PassThrough();
  child.stdout.pipe(stdout);
  // Where ssh is ended from here, its output closes without an end.
  child.stdout.once("close", () => stdout.end());
  // The other side may be gone before we are.
  child.stdin.on("error", () => undefined);

  let whyGivenUp: string | null = null;
  let giveUp: Session["giveUp"] = () => undefined;
  const ended = new Promise<number | null>((resolve) => {
    giveUp = (why) => {
      whyGivenUp ??= why;
      void endChild(child, GRACE_MS).then(() => {
        resolve(null);
      });
    };
    child.once("error", (error) => {
      lastWords = error.message;
      resolve(SSH_FAILED);
    });
    child.once("close", (code) => {
      resolve(code);
    });
  }).finally(() => {
    signal.removeEventListener("abort", stop);
    stop();
    clearTimeout(late);
  });

  let lineLength = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    const newline = chunk.lastIndexOf("\n");
    lineLength = newline === -1 ? lineLength + chunk.length : chunk.length - newline - 1;
    if (lineLength > LINE_LIMIT) giveUp("it sent a line of more than 1 MiB");
  });
  const beat = setInterval(() => child.stdin.write(HEARTBEAT.byte), HEARTBEAT.everyMs);
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(beat);
    child.stdin.end();
    late ??= setTimeout(giveUp, STOP_MS, "it did not stop within 5 minutes");
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return { stdout, ended, lastWords: () => whyGivenUp ?? lastWords, giveUp };
};
