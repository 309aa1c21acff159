import { request } from "node:http";
import type { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Dial } from "../probe/dial.ts";
import { abortReason } from "../probe/words.ts";
import { FAKE_PATHS } from "./fake-api.ts";

export interface FakeAddress {
  /** The fake engine's. */
  readonly socketPath: string;
  /** An address of the simulated host. */
  readonly host: string;
  readonly port: number;
}

/** A Unix socket refuses what its backlog cannot hold, where TCP would wait. */
const BACKLOG_TRIES = 10_000;

const isBacklogFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EAGAIN";

const dialOnce = ({ socketPath, host, port }: FakeAddress, signal: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const path = `${FAKE_PATHS.dial}?${new URLSearchParams({ host, port: String(port) }).toString()}`;
    const headers = { Connection: "Upgrade", Upgrade: "tcp" };
    const dialling = request({ socketPath, path, headers, agent: false });
    const onAbort = (): void => {
      dialling.destroy();
      reject(abortReason(signal));
    };
    const settled = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    dialling.once("upgrade", (_response, stream: Duplex, head: Buffer) => {
      settled();
      stream.unshift(head);
      resolve(stream);
    });
    dialling.once("response", (response) => {
      settled();
      response.resume();
      reject(new Error(`connect ECONNREFUSED ${host}:${String(port)}`));
    });
    dialling.once("error", (error) => {
      settled();
      reject(error);
    });
    dialling.end();
  });

/** Dials a port of the host that the fake engine simulates, for docker/probe. */
export const dialFake =
  (address: FakeAddress): Dial =>
  async (signal) => {
    for (let tried = 1; ; tried += 1) {
      if (signal.aborted) throw abortReason(signal);
      try {
        return await dialOnce(address, signal);
      } catch (error) {
        if (!isBacklogFull(error) || tried >= BACKLOG_TRIES) throw error;
        await turn();
      }
    }
  };
