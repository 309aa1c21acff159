/** Asks a fake engine, in this process or another, what no real engine answers. */
import { unixRequest } from "../unix-request.ts";

/** What it answered with a status that is no success. */
export class FakeRefusal extends Error {
  override readonly name = "FakeRefusal";
  readonly status: number;

  constructor(status: number, body: string) {
    super(`the fake engine answered ${String(status)}: ${body.trim()}`);
    this.status = status;
  }
}

export interface Asked {
  readonly socketPath: string;
  /** Query included. */
  readonly path: string;
  /** Sent with POST; without it, GET. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * @returns the decoded answer; null where there was none
 * @throws FakeRefusal, the signal's reason, or the socket's error
 */
export const askFake = async (asked: Asked): Promise<unknown> => {
  const method = asked.body === undefined ? "GET" : "POST";
  const { status, body } = await unixRequest({ ...asked, method });
  if (status < 200 || status > 299) throw new FakeRefusal(status, body);
  return body === "" ? null : JSON.parse(body);
};
