/**
 * A rootful engine in a network and mount namespace of its own, so that it meets neither the host's ports and rules
 * nor another engine's sockets: Debian 12's. Only root can start one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Dockerode from "dockerode";
import { parseHost, type EngineAddress } from "../../docker/client/find-engine.ts";
import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { ensureDebianEngine } from "../../docker/managed/debian-engine.ts";
import { namedEngine } from "../../docker/managed/engine-directory.ts";
import { answersPing } from "../../docker/managed/engine-ping.ts";
import { ensurePrograms, TO_RUN } from "../../docker/managed/host-needs.ts";
import { SYSTEM_PATH } from "../../docker/managed/program.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import type { CleanupStack } from "../../harness/run/cleanup.ts";

export interface RootfulEngine {
  readonly docker: Dockerode;
  readonly address: EngineAddress;
  /** Of dockerd, which is the first process of its namespaces. */
  readonly pid: number;
  /** Of a redis that is on the engine. */
  readonly image: string;
}

const POLL_MS = 50;

/** containerd keeps sockets below /run that must not be the host's. */
const SET_UP = 'ip link set lo up && mount -t tmpfs none /run && exec "$@"';

/**
 * Starts dockerd with this daemon.json; ended by `cleanup`.
 *
 * @throws with the end of its log when it does not come up
 */
export const startRootful = async (
  daemonJson: DaemonJson,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
  cleanup: CleanupStack,
): Promise<RootfulEngine> => {
  const stateDir = defaultStateDir(process.env, 0);
  await ensurePrograms(TO_RUN, { narrate: say, signal });
  const home = await ensureDebianEngine({ stateDir, suite: "bookworm", narrate: say, signal });
  const engine = await namedEngine(home, signal);
  const directory = mkdtempSync(join(tmpdir(), "rootful-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const socketPath = join(directory, "docker.sock");
  const configFile = join(directory, "daemon.json");
  writeFileSync(configFile, JSON.stringify(daemonJson));
  const flags = [
    ...["--data-root", join(directory, "data"), "--exec-root", join(directory, "exec")],
    ...["--pidfile", join(directory, "docker.pid"), "--host", `unix://${socketPath}`],
    ...["--config-file", configFile, "--storage-driver", "vfs"],
  ];
  const child = spawn(
    "unshare",
    ["--net", "--mount", "sh", "-c", SET_UP, "sh", engine.daemon, ...flags],
    {
      env: { PATH: `${engine.programs}:${SYSTEM_PATH}` },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  const { pid } = child;
  if (pid === undefined) throw new Error("unshare could not be started");
  cleanup.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  while (!(await answersPing(socketPath))) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`dockerd ended: ${log.slice(-2000)}`);
    await sleep(POLL_MS);
  }
  const docker = new Dockerode({ socketPath });
  const { images, sources, ...set } = resolveImageSet("debian");
  const [use, source] = [images["redis"], sources["redis"]];
  if (use === undefined || source === undefined) throw new Error("the image set has no redis");
  await ensureImages({
    set: { ...set, images: { redis: use }, sources: { redis: source } },
    docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  return { docker, address: parseHost(`unix://${socketPath}`, "test"), pid, image: use.reference };
};
