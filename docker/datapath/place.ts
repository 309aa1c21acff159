/**
 * Where a client runs, and how a program is run there: beside the engine's ports, or in a container.
 */
import { spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { z } from "zod";
import { StressError } from "../../harness/core/errors.ts";
import { createdAnswer, decode } from "../client/daemon-schemas.ts";
import { exchange } from "../client/exchange.ts";
import { entrance, type EngineNamespace } from "../evidence/namespace.ts";
import { isRoot } from "../managed/host-needs.ts";

export type Place =
  /** The network namespace where ports of the host are bound, with this machine's own programs. */
  | { readonly kind: "host"; readonly namespace: EngineNamespace }
  | { readonly kind: "container"; readonly container: string };

export interface StartedProgram {
  /** On this machine. @throws Error when it has ended before it was seen */
  readonly pid: () => Promise<number>;
  readonly stdout: Readable;
  /** When both of its outputs have ended: what it wrote to its standard error, at most its last 2000 characters. */
  readonly ended: Promise<string>;
  /** Ends it at once, if it is there. */
  readonly kill: () => void;
}

const LAST_WORDS = 2000;

const lastWordsOf = (stream: Readable): (() => string) => {
  let words = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    words = (words + chunk).slice(-LAST_WORDS);
  });
  return () => words.trim();
};

const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, or runs under a subordinate id and goes with its container.
  }
};

/** A program of this machine, started in a network namespace of an engine. Its pid is the program's own. */
export const commandIn = (
  namespace: EngineNamespace,
  command: readonly string[],
): readonly string[] => {
  const flags = entrance(namespace, isRoot());
  return flags.length === 0 ? command : ["nsenter", ...flags, "--", ...command];
};

const startOnHost = async (
  namespace: EngineNamespace,
  command: readonly string[],
): Promise<StartedProgram> => {
  const [program = "", ...args] = commandIn(namespace, command);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const lastWords = lastWordsOf(child.stderr);
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(new StressError("environment", `Cannot run ${program}: ${cause.message}`, { cause }));
    });
    child.once("spawn", () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });
  return {
    pid: () => Promise.resolve(pid),
    stdout: child.stdout,
    ended: closed.then(lastWords),
    kill: () => child.kill("SIGKILL"),
  };
};

/** An exit code is there when it has ended; what has not begun has neither. */
const execAnswer = z.object({ Pid: z.int(), ExitCode: z.int().nullish(), Running: z.boolean() });

const POLL_MS = 10;
/** For the daemon to start what it was told to. */
const START_MS = 10_000;

/** The pid of what was started by `exec`; the daemon knows it a moment later. */
const pidOf = async (docker: Dockerode, id: string, signal: AbortSignal): Promise<number> => {
  const path = `/exec/${id}/json`;
  for (;;) {
    const answer = await exchange(docker, { method: "GET", path }, { signal });
    const { Pid, ExitCode, Running } = decode(execAnswer, answer, "GET /exec/ID/json");
    if (Running && Pid > 0) return Pid;
    if (typeof ExitCode === "number" && !Running) throw new Error("the program has ended");
    await sleep(POLL_MS, undefined, { signal });
  }
};

const startInContainer = async (
  docker: Dockerode,
  container: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<StartedProgram> => {
  const created = await exchange(
    docker,
    {
      method: "POST",
      path: `/containers/${encodeURIComponent(container)}/exec`,
      body: { Cmd: command, AttachStdout: true, AttachStderr: true },
    },
    { signal },
  );
  const { Id } = decode(createdAnswer, created, "POST /containers/NAME/exec");
  const call = {
    method: "POST",
    path: `/exec/${Id}/start`,
    body: { Detach: false, Tty: false },
  } as const;
  const response = await exchange(docker, call, { signal, stream: true });
  const stream = response as IncomingMessage;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  docker.modem.demuxStream(stream, stdout, stderr);
  const lastWords = lastWordsOf(stderr);
  const ended = new Promise<string>((resolve) => {
    stderr.once("end", () => {
      resolve(lastWords());
    });
  });
  const finish = (): void => {
    stdout.end();
    stderr.end();
  };
  stream.once("end", finish).once("error", finish).once("close", finish);
  const pid = (): Promise<number> => pidOf(docker, Id, AbortSignal.timeout(START_MS));
  return {
    pid,
    stdout,
    ended,
    kill: () => {
      void pid().then(killIfThere, () => undefined);
    },
  };
};

/**
 * Starts a program there; what aborts the signal ends it.
 *
 * @throws StressError("environment") when it cannot be run on this machine, or what the daemon says of the container
 */
export const startIn = async (
  place: Place,
  command: readonly string[],
  { docker, signal }: { readonly docker: Dockerode; readonly signal: AbortSignal },
): Promise<StartedProgram> => {
  signal.throwIfAborted();
  const started =
    place.kind === "host"
      ? await startOnHost(place.namespace, command)
      : await startInContainer(docker, place.container, command, signal);
  signal.addEventListener("abort", started.kill, { once: true });
  void started.ended.then(() => {
    signal.removeEventListener("abort", started.kill);
  });
  return started;
};

/** A report of iperf3 has some ten kilobytes. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** All that it writes to its standard output until it ends. @throws Error when it writes more than 16 MiB */
export const outputOf = async ({ stdout, ended, kill }: StartedProgram): Promise<string> => {
  let text = "";
  for await (const chunk of stdout.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length <= OUTPUT_LIMIT) continue;
    kill();
    throw new Error("the program wrote more than 16 MiB");
  }
  const complaints = await ended;
  return text.trim() === "" ? complaints : text;
};
