import { Socket } from "node:net";
import type { Duplex } from "node:stream";

const ignore = (): void => undefined;

/**
 * Ends a probe's stream with a reset instead of an orderly close.
 *
 * Whoever closes a TCP connection first keeps its local port in TIME_WAIT for a minute. On a probe's side that is
 * a host port which RootlessKit then cannot bind: the harness would cause the failure it counts. A reset leaves
 * nothing behind. A connection still being made is reset as soon as it stands, because closing it in the instant
 * between the kernel's and Node's knowledge would be an orderly close again; meanwhile it keeps nothing alive.
 *
 * A stream that is not TCP has no TIME_WAIT and is simply destroyed.
 */
export const cutOff = (stream: Duplex): void => {
  stream.on("error", ignore);
  if (stream.destroyed) return;
  if (!(stream instanceof Socket)) {
    stream.destroy();
    return;
  }
  stream.unref();
  try {
    stream.resetAndDestroy();
  } catch {
    // Node's answer for a Unix socket, and the only public way to tell one.
    stream.destroy();
  }
};
