/**
 * One HTTP exchange with the daemon through dockerode, with what dockerode does not tell: when the request
 * left this process, and that an answer broke off in the middle. No redirect is followed; an answer has a deadline,
 * and one that is kept in memory a limit.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { DeadlinePassed } from "../../harness/core/errors.ts";
import { millis } from "../../harness/core/units.ts";
import type { Call } from "./calls.ts";

/** An answer with a status that is not a success, in the daemon's own words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The connection ended before the answer did: what was asked for may have been done. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** The log of a job container is the longest answer that is read as a whole. */
const LIMIT_MIB = 64;
const LIMIT = LIMIT_MIB * 1024 * 1024;

interface Watcher {
  /** The caller reads the response, with limits of its own. */
  readonly stream: boolean;
  readonly onWritten: () => void;
  readonly onLost: (error: ConnectionLost) => void;
}

const watchers = new AsyncLocalStorage<Watcher>();

/** Ends an answer that is longer than we keep. */
const limit = (response: IncomingMessage, { onLost }: Watcher): void => {
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LIMIT) return;
    onLost(new ConnectionLost(`the answer is longer than ${String(LIMIT_MIB)} MiB`));
    response.destroy();
  });
};

/**
 * Node publishes every request here when its last byte has been handed to its socket. On a connected socket that
 * byte has then been written; `finish` would be told only after everything else in this turn of the event loop,
 * at the same instant for all jobs of a burst. Before the connection stands, `finish` is the truth.
 */
subscribe("http.client.request.start", (message) => {
  const watcher = watchers.getStore();
  if (watcher === undefined) return;
  const { request } = message as { readonly request: ClientRequest };
  const { socket } = request;
  if (socket === null || socket.connecting || socket.writableLength > 0) {
    request.once("finish", watcher.onWritten);
  } else {
    watcher.onWritten();
  }
  // Before docker-modem's own listener, which would send a GET to wherever the answer points.
  request.prependOnceListener("response", (response: IncomingMessage) => {
    const { statusCode: status = 0 } = response;
    if (status >= 300 && status <= 399) delete response.headers.location;
    if (!watcher.stream) limit(response, watcher);
    // docker-modem waits for `end` alone, which never comes when the daemon dies in mid-answer.
    response.once("close", () => {
      if (!response.complete) {
        watcher.onLost(
          new ConnectionLost("the daemon closed the connection in the middle of an answer"),
        );
      }
    });
  });
});

/** docker-modem's low-level call; dockerode types it as `any`. */
interface Modem {
  readonly dial: (
    options: {
      path: string;
      method: string;
      /** Written into by docker-modem: a fresh one for each call. */
      options: Record<string, unknown> | undefined;
      statusCodes: Record<number, true>;
      abortSignal: AbortSignal;
      isStream: boolean;
      /** What is sent instead of a JSON body. */
      file: Readable | undefined;
    },
    callback: (error: unknown, body: unknown) => void,
  ) => void;
}

const SUCCESS: Record<number, true> = { 200: true, 201: true, 202: true, 204: true, 304: true };

const wordsOf = (json: unknown): string | null => {
  if (typeof json !== "object" || json === null || !("message" in json)) return null;
  return typeof json.message === "string" ? json.message : null;
};

const toRefusal = (error: unknown): unknown => {
  if (!(error instanceof Error) || !("statusCode" in error)) return error;
  if (typeof error.statusCode !== "number") return error;
  const words = "json" in error ? wordsOf(error.json) : null;
  return new Refusal(error.statusCode, words ?? error.message.trim());
};

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  /** Called when the whole request has been handed to the operating system. */
  readonly onWritten?: () => void;
  /** Resolve with the response as a stream as soon as its head has arrived. */
  readonly stream?: boolean;
  /** A tar archive to send, instead of the call's body. */
  readonly upload?: Readable;
  /**
   * Milliseconds until the answer must be there, or its head for `stream`; a minute if absent. `null`: the signal
   * carries the deadline.
   */
  readonly within?: number | null;
}

const ANSWER_MS = 60_000;

/** A signal that aborts with `outer`, or when so many milliseconds have passed. */
const deadlineAfter = (
  duration: number,
  outer: AbortSignal,
): { readonly signal: AbortSignal; readonly clear: () => void } => {
  const passed = new AbortController();
  const timer = setTimeout(() => {
    passed.abort(new DeadlinePassed(millis(duration)));
  }, duration);
  return {
    signal: AbortSignal.any([outer, passed.signal]),
    clear: () => {
      clearTimeout(timer);
    },
  };
};

/**
 * @returns the decoded JSON body, a Buffer for any other body, or the response for `stream`
 * @throws Refusal, ConnectionLost, DeadlinePassed, the signal's reason, or the socket's error (ENOENT, ECONNREFUSED, …)
 */
export const exchange = (
  docker: Dockerode,
  call: Call,
  { signal: outer, onWritten, stream = false, upload, within = ANSWER_MS }: ExchangeOptions,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const deadline = within === null ? null : deadlineAfter(within, outer);
    const signal = deadline?.signal ?? outer;
    const settle = (): void => {
      deadline?.clear();
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
      reject(signal.aborted ? signal.reason : error);
    };
    const onAbort = (): void => {
      fail(signal.reason);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    const watcher: Watcher = {
      stream,
      onWritten: () => onWritten?.(),
      onLost: stream ? () => undefined : fail,
    };
    const modem = docker.modem as Modem;
    watchers.run(watcher, () => {
      modem.dial(
        {
          // Without options docker-modem takes the last character off a path that has a query.
          path: call.body === undefined && call.path.includes("?") ? `${call.path}&` : call.path,
          method: call.method,
          options: call.body === undefined ? undefined : { _query: {}, _body: call.body },
          statusCodes: SUCCESS,
          abortSignal: signal,
          isStream: stream,
          file: upload,
        },
        (error, body) => {
          if (error !== null && error !== undefined) {
            fail(toRefusal(error));
            return;
          }
          settle();
          resolve(body);
        },
      );
    });
  });
