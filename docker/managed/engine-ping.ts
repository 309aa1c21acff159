/**
 * Whether an engine answers on its socket.
 */
import { unixGet } from "../unix-get.ts";

/** True when `GET /_ping` is answered with 200 within two seconds. */
export const answersPing = async (socketPath: string): Promise<boolean> =>
  unixGet(socketPath, "/_ping", AbortSignal.timeout(2000)).then(
    ({ status }) => status === 200,
    () => false,
  );
