import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { cutOff } from "./cut-off.ts";
import type { LocalPorts } from "./local-ports.ts";
import { abortReason } from "./words.ts";

/** Opens one connected stream to a service; rejects with the socket's words, or the signal's reason. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

/** Local ports tried for one connection before it is given up. */
const LOCAL_PORT_TRIES = 64;

export interface TcpAddress {
  /** An address, or a name that is looked up at every dial. */
  readonly host: string;
  readonly port: number;
  /** Where local ports come from; without it the kernel chooses one of its ephemeral range. */
  readonly localPorts?: LocalPorts;
}

interface Attempt {
  readonly host: string;
  readonly port: number;
  readonly localPort?: number;
}

const connectOnce = (attempt: Attempt, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    // Half-open, or Node would answer the server's close with an orderly close of its own.
    const socket = connect({ ...attempt, allowHalfOpen: true });
    const onAbort = (): void => {
      cutOff(socket);
      reject(abortReason(signal));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
  });

/** EADDRINUSE: somebody listens on it. EADDRNOTAVAIL: this very connection exists already. */
const isLocalPortTaken = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "EADDRINUSE" || error.code === "EADDRNOTAVAIL");

/** Dials a TCP service; of the local ports given, those in use are skipped, 64 at most. */
export const dialTcp =
  ({ host, port, localPorts }: TcpAddress): Dial =>
  async (signal) => {
    if (signal.aborted) throw abortReason(signal);
    if (localPorts === undefined) return await connectOnce({ host, port }, signal);
    const tries = Math.min(LOCAL_PORT_TRIES, localPorts.size);
    for (let tried = 1; ; tried += 1) {
      const localPort = localPorts.next();
      try {
        return await connectOnce({ host, port, localPort }, signal);
      } catch (error) {
        if (!isLocalPortTaken(error) || tried >= tries) throw error;
      }
    }
  };
