/**
 * The program in a job container: `node job-main.js '{"deadlineMs":…,"nonce":…,"services":[…]}'`, or in one that
 * waits for a service: `node job-main.js '{"deadlineMs":…,"retryMs":…,"dial":{"host":…,"ports":[…]}}'`.
 *
 * Exit codes: 0 all lines are out, whatever they say, or somebody accepted; 1 nobody did; 64 the argument is not a
 * request.
 */
import { dialTcp } from "./dial.ts";
import { encodeJobLine } from "./job-lines.ts";
import { decodeJobRequest, type JobContainerRequest } from "./job-request.ts";
import { runJob } from "./job.ts";
import { wordsOf } from "./words.ts";

const EXIT_NOBODY = 1;
const EXIT_USAGE = 64;

const sleep = (durationMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, durationMs);
    signal.addEventListener("abort", wake, { once: true });
  });

const requested = (): JobContainerRequest | null => {
  try {
    return decodeJobRequest(process.argv[2] ?? "");
  } catch (error) {
    process.stderr.write(`job-main: not a request: ${wordsOf(error)}\n`);
    return null;
  }
};

const request = requested();
if (request === null) {
  process.exitCode = EXIT_USAGE;
} else {
  const reached = await runJob(request, {
    dial: dialTcp,
    now: () => performance.now(),
    sleep,
    say: (line) => process.stdout.write(encodeJobLine(line)),
    signal: new AbortController().signal,
  });
  if (!reached) {
    process.stderr.write("job-main: nobody accepted a connection in time\n");
    process.exitCode = EXIT_NOBODY;
  }
}
