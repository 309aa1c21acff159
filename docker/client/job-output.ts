/**
 * What a job container says while it runs: one line for each service that became ready or was identified.
 */
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { IncomingMessage } from "node:http";
import type Dockerode from "dockerode";
import { decodeJobLine, type JobLine } from "../probe/job-lines.ts";
import { exchange } from "./exchange.ts";
import { logText } from "./log-frames.ts";

/** Enough of a container's last words to recognise a failure by, in characters. */
const TAIL_LENGTH = 2000;

/** The container ended without saying what was waited for. */
class JobEnded extends Error {
  override readonly name = "JobEnded";
}

const keyOf = (step: JobLine["step"], service: string): string => `${step} ${service}`;

/**
 * Follows one job container's output from its first line; several waits share one connection.
 *
 * Where that ended is not where the output did: an engine before 23.0 may leave out the last lines when the container
 * ends. So what is still missing then is looked for once more, in the log as a whole.
 *
 * @see https://github.com/moby/moby/pull/43294, and `waitRead` in daemon/logger/loggerutils/follow.go of v20.10.24
 */
export class JobOutput {
  readonly #docker: Dockerode;
  readonly #logs: string;
  readonly #lines = new Map<string, JobLine>();
  readonly #waiting = new Map<string, (line: JobLine | Error) => void>();
  readonly #closing = new AbortController();
  #tail = "";
  /** Why no more lines come; null while they may. */
  #ended: Error | null = null;
  /** Reading the log as a whole, from when the first line was missed. */
  #rereading: Promise<void> | null = null;
  #followed = false;

  /** Starts to follow; what goes wrong on the way is told to whoever waits. */
  constructor(docker: Dockerode, container: string) {
    this.#docker = docker;
    this.#logs = `/containers/${encodeURIComponent(container)}/logs?stdout=true&stderr=true`;
    this.#endWith(this.#follow());
  }

  /**
   * @returns the line in which the job container reports this step of this service
   * @throws JobEnded when the container ended first, with its last words; the signal's reason when it aborts
   */
  line(step: JobLine["step"], service: string, signal: AbortSignal): Promise<JobLine> {
    const key = keyOf(step, service);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(key);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
        reject(signal.reason);
      };
      const settle = (outcome: JobLine | Error): void => {
        signal.removeEventListener("abort", onAbort);
        this.#waiting.delete(key);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const known = this.#lines.get(key) ?? this.#ended;
      if (known !== null) {
        settle(known);
        return;
      }
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(key, settle);
      if (this.#followed) this.#reread();
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #follow(): Promise<void> {
    const call = { method: "GET", path: `${this.#logs}&follow=true` } as const;
    const { signal } = this.#closing;
    const response = await exchange(this.#docker, call, { signal, stream: true, within: null });
    const stream = response as IncomingMessage;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    this.#docker.modem.demuxStream(stream, stdout, stderr);
    const finish = (): void => {
      stdout.end();
      stderr.end();
    };
    stream.once("end", finish).once("error", finish).once("close", finish);
    stderr.on("data", (chunk: Buffer) => {
      this.#keep(chunk.toString());
    });
    for await (const text of createInterface({ input: stdout })) this.#read(text);
    this.#followed = true;
    if (this.#waiting.size > 0) this.#reread();
  }

  #reread(): void {
    if (this.#rereading !== null) return;
    this.#rereading = this.#readWhole();
    this.#endWith(this.#rereading);
  }

  async #readWhole(): Promise<void> {
    const call = { method: "GET", path: this.#logs } as const;
    const log = await exchange(this.#docker, call, { signal: this.#closing.signal });
    this.#tail = "";
    for (const text of Buffer.isBuffer(log) ? logText(log).split("\n") : []) this.#read(text);
    this.#end(new JobEnded(`the job container ended: ${this.#tail.trim() || "it said nothing"}`));
  }

  #endWith(work: Promise<void>): void {
    void work.catch((error: unknown) => {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    });
  }

  #keep(text: string): void {
    this.#tail = (this.#tail + text).slice(-TAIL_LENGTH);
  }

  #read(text: string): void {
    const line = decodeJobLine(text);
    if (line === null) {
      this.#keep(`${text}\n`);
      return;
    }
    const key = keyOf(line.step, line.service);
    this.#lines.set(key, line);
    this.#waiting.get(key)?.(line);
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const settle of [...this.#waiting.values()]) settle(error);
  }
}
