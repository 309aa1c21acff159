import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import { openEngine, runtimeOf } from "../../harness/cli/engine-session.ts";
import { seconds } from "../../harness/core/units.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { systemClock } from "../../harness/run/clock.ts";
import { runtimeContract } from "../contract/runtime.ts";

runtimeContract("live engine", async () => {
  const cleanup = new CleanupStack();
  const signal = AbortSignal.timeout(600_000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const session = await openEngine(
    { kind: "managed" },
    { stateDir, daemonJson: null, say, environment: process.env, signal },
    cleanup,
  );
  const set = resolveImageSet("debian");
  const { docker } = session;
  const { ids } = await ensureImages({
    set,
    docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  const clock = systemClock();
  return {
    runtime: await runtimeOf(session, {
      clock,
      images: ids,
      readyDeadline: seconds(60),
      shared: false,
    }),
    images: set,
    close: () => cleanup[Symbol.asyncDispose](),
  };
});
