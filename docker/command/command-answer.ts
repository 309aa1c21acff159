/**
 * What a finished docker CLI process says about the daemon.
 */
import { DeadlinePassed, messageOf } from "../../harness/core/errors.ts";
import type { Answer } from "../../harness/core/model.ts";
import { publishedIn } from "./published.ts";
import type { FinishedCommand } from "./run-docker.ts";

/** What is to be found in the output of a command that succeeded, or how its failure is to be taken. */
export type Expected =
  | { readonly kind: "nothing" }
  /** The id of what was created. */
  | { readonly kind: "id" }
  /** What `docker port` prints; `containerPort` where one was asked for. */
  | { readonly kind: "bindings"; readonly containerPort?: number }
  /** Nothing; and what is not there has been removed. */
  | { readonly kind: "removal" };

/** The daemon was reached, whatever else is said: the CLI's prefix for the daemon's own words. */
const DAEMON_SAYS = /\bError response from daemon: /;

/** The request may have arrived, and its answer did not. */
const LOST =
  /\berror during connect\b.*(?:\bEOF\b|connection reset by peer|broken pipe)|\berror waiting for container: (?:unexpected )?EOF|^(?:unexpected )?EOF$/im;

/** No request arrived. */
const NOT_REACHED =
  /\bCannot connect to the Docker daemon\b|\bfailed to connect to the docker API\b|\bpermission denied while trying to connect to the (?:Docker|docker)\b|\berror during connect\b|\bconnect (?:ECONNREFUSED|ENOENT|EACCES)\b/i;

/** The CLI's own codes for having got nowhere; `docker run` uses the first also for the daemon's refusals. */
const GOT_NOWHERE: ReadonlySet<number> = new Set([125, 127]);

const GONE = /\bNo such (?:container|network|object)\b|\bnetwork \S+ not found\b/i;

/** Of several that are removed at once, one may be gone and another refuse to go. */
const isAllGone = (stderr: string): boolean => {
  const complaints = stderr.split("\n").filter((line) => /\berror\b/i.test(line));
  return complaints.length > 0 && complaints.every((line) => GONE.test(line));
};

const lost = (message: string): Answer => ({
  kind: "unknown",
  reason: "connection-lost",
  message,
});

const notUnderstood = (what: string, stdout: string): Answer => ({
  kind: "refused",
  by: "harness",
  message: `the ${what} that docker printed cannot be understood: ${JSON.stringify(stdout.slice(0, 200))}`,
});

const done = ({ stdout }: FinishedCommand, expected: Expected): Answer => {
  switch (expected.kind) {
    case "id": {
      // What was pulled on the way is told before it.
      const id = stdout.trim().split("\n").at(-1)?.trim() ?? "";
      return /^[0-9a-f]{64}$/.test(id) ? { kind: "done", id } : notUnderstood("id", stdout);
    }
    case "bindings": {
      const bindings = publishedIn(stdout, expected.containerPort ?? null);
      return bindings === null ? notUnderstood("ports", stdout) : { kind: "done", bindings };
    }
    case "nothing":
    case "removal":
      return { kind: "done" };
  }
};

const failed = (code: number, { stdout, stderr }: FinishedCommand): Answer => {
  const message = stderr.trim() === "" ? stdout : stderr;
  if (message.trim() === "") {
    const words = `docker ended with exit code ${String(code)} and said nothing`;
    return { kind: "refused", by: "harness", message: words };
  }
  if (DAEMON_SAYS.test(message)) return { kind: "refused", by: "daemon", message };
  if (LOST.test(message)) return lost(message);
  const nowhere = NOT_REACHED.test(message) || GOT_NOWHERE.has(code);
  return { kind: "refused", by: nowhere ? "transport" : "daemon", message };
};

/**
 * Pure: the same process always says the same.
 *
 * @param signal - the one it ran under: its reason tells a deadline from a cancelled run
 */
export const commandAnswer = (
  command: FinishedCommand,
  { expected, signal }: { readonly expected: Expected; readonly signal: AbortSignal },
): Answer => {
  const { code, broken } = command;
  if (code === 0) return done(command, expected);
  if (code !== null) {
    if (expected.kind === "removal" && isAllGone(command.stderr)) return { kind: "done" };
    return failed(code, command);
  }
  switch (broken?.kind) {
    case "not-started": {
      const message = `docker could not be started: ${broken.why}`;
      return { kind: "refused", by: "harness", message };
    }
    case "aborted": {
      const reason = signal.reason instanceof DeadlinePassed ? "timeout" : "cancelled";
      return { kind: "unknown", reason, message: messageOf(signal.reason) };
    }
    case "killed":
      return lost(`docker was ended by ${broken.by}`);
    case undefined:
      return lost("docker has ended, nobody knows how");
  }
};
