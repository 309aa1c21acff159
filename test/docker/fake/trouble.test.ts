import { resolveImageSet } from "../../../docker/images/image-set.ts";
import { openEngine, runtimeOf } from "../../../harness/cli/engine-session.ts";
import { openTrouble } from "../../../harness/cli/trouble.ts";
import { seconds } from "../../../harness/core/units.ts";
import { CleanupStack } from "../../../harness/run/cleanup.ts";
import { systemClock } from "../../../harness/run/clock.ts";
import { troubleContract } from "../../contract/trouble.ts";

troubleContract("fake engine", async () => {
  const cleanup = new CleanupStack();
  const engine = { kind: "fake" } as const;
  const say = (): void => undefined;
  const signal = AbortSignal.timeout(60_000);
  const stateDir = "/nonexistent";
  const options = { stateDir, daemonJson: null, say, environment: {}, signal };
  const session = await openEngine(engine, options, cleanup);
  return {
    runtime: await runtimeOf(session, {
      clock: systemClock(),
      images: {},
      readyDeadline: seconds(5),
      shared: false,
    }),
    images: resolveImageSet("debian"),
    troublemaker: (asked) =>
      openTrouble(
        { session, engine, owner: "contract", ...asked },
        { stateDir, say, signal },
        cleanup,
      ),
    close: () => cleanup[Symbol.asyncDispose](),
  };
});
