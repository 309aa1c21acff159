/**
 * Small requests, one after another: what a job that talks to Redis feels of the way there.
 */
import { converse } from "./conversation.ts";
import type { DatapathLine } from "./datapath-lines.ts";
import type { DatapathRequest } from "./datapath-request.ts";
import type { Dial } from "./dial.ts";
import { command } from "./redis.ts";

type Requests = Extract<DatapathRequest, { readonly kind: "requests" }>;

export interface RequestsSurroundings {
  readonly dial: Dial;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly say: (line: DatapathLine) => void;
  readonly signal: AbortSignal;
}

/**
 * New connections with one `PING` each, then as many `PING`s over one connection as go; each is sent when the answer
 * to the one before has come.
 *
 * @throws Error with the words of the socket or of Redis
 */
export const makeRequests = async (
  { connects, connectMs, holdMs }: Pick<Requests, "connects" | "connectMs" | "holdMs">,
  { dial, now, say, signal }: RequestsSurroundings,
): Promise<void> => {
  const latencies: number[] = [];
  for (const end = now() + connectMs; latencies.length < connects && now() < end;) {
    const begun = now();
    const answered = await converse(dial, signal, async (conversation) => {
      await command(conversation, ["PING"]);
      return now();
    });
    latencies.push(answered - begun);
  }
  say({ step: "connected", latencies });
  await converse(dial, signal, async (conversation) => {
    await command(conversation, ["PING"]);
    say({ step: "holding" });
    const begun = now();
    let requests = 0;
    while (now() - begun < holdMs) {
      await command(conversation, ["PING"]);
      requests += 1;
    }
    say({ step: "asked", requests, elapsedMs: now() - begun });
  });
};
