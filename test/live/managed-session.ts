import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import type { EngineChoice } from "../../harness/cli/engine-choice.ts";
import { openEngine } from "../../harness/cli/engine-session.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import type { CleanupStack } from "../../harness/run/cleanup.ts";

/** Engine 20.10: a user-land proxy for each port, and a log in which it says which ports it tried. */
export const DEBIAN_12: EngineChoice = {
  kind: "source",
  source: { kind: "debian", suite: "bookworm" },
};

/** A managed engine with the images of `debian` on it; ended by `cleanup`. */
export const openManaged = async (
  {
    say,
    signal,
    engine = { kind: "managed" },
    daemonJson = null,
  }: {
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
    /** Without one, the default engine. */
    readonly engine?: EngineChoice;
    readonly daemonJson?: DaemonJson | null;
  },
  cleanup: CleanupStack,
) => {
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const session = await openEngine(
    engine,
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
