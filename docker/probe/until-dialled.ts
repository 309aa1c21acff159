/** A wait that knows no protocol: for the first connection that anybody accepts. */
import { cutOff } from "./cut-off.ts";
import type { DialRequest } from "./job-request.ts";
import type { JobSurroundings } from "./job.ts";

/**
 * Tries all ports at the same time, each again after a pause, until one of them accepts. Never rejects.
 *
 * @returns false where none did before the deadline, or before the signal
 */
export const untilDialled = async (
  { deadlineMs, retryMs, dial: { host, ports } }: DialRequest,
  { dial, sleep, signal }: Pick<JobSurroundings, "dial" | "sleep" | "signal">,
): Promise<boolean> => {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  let reached = false;
  const tryPort = async (port: number): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        cutOff(await dial({ host, port })(over.signal));
        reached = true;
        end();
      } catch {
        await sleep(retryMs, over.signal);
      }
    }
  };
  if (signal.aborted) return false;
  signal.addEventListener("abort", end, { once: true });
  void sleep(deadlineMs, over.signal).then(end);
  await Promise.all(ports.map(tryPort));
  signal.removeEventListener("abort", end);
  return reached;
};
