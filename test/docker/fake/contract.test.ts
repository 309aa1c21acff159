import { resolveImageSet } from "../../../docker/images/image-set.ts";
import { openEngine, runtimeOf } from "../../../harness/cli/engine-session.ts";
import { seconds } from "../../../harness/core/units.ts";
import { CleanupStack } from "../../../harness/run/cleanup.ts";
import { systemClock } from "../../../harness/run/clock.ts";
import { runtimeContract } from "../../contract/runtime.ts";

runtimeContract("fake engine", async () => {
  const cleanup = new CleanupStack();
  const session = await openEngine(
    { kind: "fake" },
    {
      stateDir: "/nonexistent",
      daemonJson: null,
      say: () => undefined,
      environment: {},
      signal: AbortSignal.timeout(60_000),
    },
    cleanup,
  );
  return {
    runtime: await runtimeOf(session, {
      clock: systemClock(),
      images: {},
      readyDeadline: seconds(5),
      shared: false,
    }),
    images: resolveImageSet("debian"),
    close: () => cleanup[Symbol.asyncDispose](),
  };
});
