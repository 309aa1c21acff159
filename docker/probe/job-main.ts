/**
 * The program in a job container: `node job-main.js '{"deadlineMs":…,"nonce":…,"services":[…]}'`.
 *
 * Exit codes: 0 all lines are out, whatever they say; 64 the argument is not a request.
 */
import { dialTcp } from "./dial.ts";
import { encodeJobLine } from "./job-lines.ts";
import { decodeJobRequest, type JobRequest } from "./job-request.ts";
import { runJob } from "./job.ts";
import { wordsOf } from "./words.ts";

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

const requested = (): JobRequest | null => {
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
  await runJob(request, {
    dial: dialTcp,
    now: () => performance.now(),
    sleep,
    say: (line) => process.stdout.write(encodeJobLine(line)),
    signal: new AbortController().signal,
  });
}
