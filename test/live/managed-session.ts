import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { openEngine } from "../../harness/cli/engine-session.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import type { CleanupStack } from "../../harness/run/cleanup.ts";

/** A managed engine with the images of `debian` on it; ended by `cleanup`. */
export const openManaged = async (
  {
    say,
    signal,
    daemonJson = null,
  }: {
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
    readonly daemonJson?: DaemonJson | null;
  },
  cleanup: CleanupStack,
) => {
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const session = await openEngine(
    { kind: "managed" },
    { stateDir, daemonJson, say, environment: process.env, signal },
    cleanup,
  );
  const set = resolveImageSet("debian");
  const { ids } = await ensureImages({
    set,
    docker: session.docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  return { session, set, ids };
};
