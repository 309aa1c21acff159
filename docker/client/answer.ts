import type { Answer } from "../../harness/core/model.ts";
import { DeadlinePassed, messageOf } from "../../harness/core/errors.ts";
import { UnusableAnswer } from "./daemon-schemas.ts";
import { ConnectionLost, Refusal } from "./exchange.ts";

/** Socket errors that say the request never reached a daemon. */
const NEVER_CONNECTED = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "EACCES",
  "EAGAIN",
  "ENOTSOCK",
  "EMFILE",
]);

const systemCode = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;

const connecting = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && error.syscall === "connect";

/**
 * What a thrown thing says about the daemon. A request that may have arrived and got no answer is `unknown`:
 * the daemon may have done it.
 *
 * @param signal - the signal the call ran under: its reason tells a deadline from a cancelled run
 */
export const toAnswer = (thrown: unknown, signal: AbortSignal): Answer => {
  if (thrown instanceof Refusal) {
    return { kind: "refused", by: "daemon", status: thrown.status, message: thrown.message };
  }
  if (thrown instanceof UnusableAnswer) {
    return { kind: "refused", by: "harness", message: thrown.message };
  }
  if (thrown instanceof DeadlinePassed) {
    return { kind: "unknown", reason: "timeout", message: thrown.message };
  }
  if (signal.aborted) {
    return { kind: "unknown", reason: "cancelled", message: messageOf(signal.reason) };
  }
  if (thrown instanceof ConnectionLost) {
    return { kind: "unknown", reason: "connection-lost", message: thrown.message };
  }
  const code = systemCode(thrown);
  if (connecting(thrown) && code !== null && NEVER_CONNECTED.has(code)) {
    return { kind: "refused", by: "transport", message: messageOf(thrown) };
  }
  return { kind: "unknown", reason: "connection-lost", message: messageOf(thrown) };
};
