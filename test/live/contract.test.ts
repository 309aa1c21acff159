import { runtimeOf } from "../../harness/cli/engine-session.ts";
import { seconds } from "../../harness/core/units.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { systemClock } from "../../harness/run/clock.ts";
import { runtimeContract } from "../contract/runtime.ts";
import { openManaged } from "./managed-session.ts";

runtimeContract("live engine", async () => {
  const cleanup = new CleanupStack();
  const signal = AbortSignal.timeout(600_000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { session, set, ids } = await openManaged({ say, signal }, cleanup);
  return {
    runtime: await runtimeOf(session, {
      clock: systemClock(),
      images: ids,
      readyDeadline: seconds(60),
      shared: false,
    }),
    images: set,
    close: () => cleanup[Symbol.asyncDispose](),
  };
});
