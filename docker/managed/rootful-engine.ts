/**
 * Throw-away rootful engines: dockerd run by root, in a network and a mount namespace of its own, so that it meets
 * neither the machine's ports and packet filter rules nor another engine's sockets.
 *
 * That network namespace is the engine's host: its published ports and its containers with host networking are
 * there, and are reached from inside it alone.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { cgroupParentOf } from "./cgroups.ts";
import type { DaemonJson } from "./daemon-config.ts";
import { startInSlot, type ManagedEngine, type StartOptions } from "./engine.ts";
import type { EngineRecord } from "./engine-record.ts";
import { setupOf } from "./engine-setup.ts";
import { ensurePrograms, isRoot } from "./host-needs.ts";
import { SYSTEM_PATH } from "./program.ts";
import type { SlotPaths } from "./slot.ts";
import { openStateDir } from "./state-directory.ts";

const ROOT = { name: "root", uid: 0, gid: 0 };

/** containerd keeps sockets below /run, and iptables a lock, that must not be the machine's. */
const SET_UP = 'ip link set lo up && mount -t tmpfs none /run && exec "$@"';

/** What dockerd is told beside its daemon.json, which may name none of the first five. Pure. */
export const rootfulFlags = (
  { socket, runtimeDir, configFile }: Pick<SlotPaths, "socket" | "runtimeDir" | "configFile">,
  { slot, daemonJson }: { readonly slot: number; readonly daemonJson: DaemonJson },
): readonly string[] => {
  // A setting that is in both places keeps dockerd from starting.
  const unlessSet = (key: string, ...flags: readonly string[]): readonly string[] =>
    key in daemonJson ? [] : flags;
  return [
    ...["--config-file", configFile],
    ...["--host", `unix://${socket}`],
    ...["--exec-root", join(runtimeDir, "docker")],
    ...["--pidfile", join(runtimeDir, "docker.pid")],
    // Whatever systemd does on this machine: groups of our own, which go with the engine.
    ...unlessSet("exec-opts", "--exec-opt", "native.cgroupdriver=cgroupfs"),
    ...unlessSet("cgroup-parent", "--cgroup-parent", cgroupParentOf(slot)),
  ];
};

const launch = (
  { slot }: EngineRecord,
  paths: SlotPaths,
  { directory, daemonJson }: Pick<StartOptions, "directory"> & { readonly daemonJson: DaemonJson },
): ChildProcess => {
  const log = openSync(paths.logFile, "w");
  try {
    const dockerd = [
      join(paths.launcherDir, "dockerd"),
      ...rootfulFlags(paths, { slot, daemonJson }),
    ];
    const child = spawn(
      "unshare",
      ["--net", "--mount", "--", "sh", "-c", SET_UP, "sh", ...dockerd],
      {
        cwd: "/",
        // A session of its own: Ctrl-C in the terminal is for the harness, which then stops the engine in order.
        detached: true,
        stdio: ["ignore", log, log],
        env: {
          // The launcher then sets up the namespace that it finds itself in.
          _DOCKERD_ROOTLESS_CHILD: "1",
          HOME: join(paths.directory, "home"),
          // By which every process of the engine is found again.
          XDG_RUNTIME_DIR: paths.runtimeDir,
          PATH: [paths.launcherDir, directory.programs, SYSTEM_PATH].join(":"),
        },
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

/**
 * Starts one; it has a slot like a rootless one, and is listed, stopped and swept in the same way.
 *
 * @throws StressError("environment") when this process is not root's, the engine ends while it starts (with the
 * last lines of its log), or all slots are taken
 */
export const startRootfulEngine = async (options: StartOptions): Promise<ManagedEngine> => {
  const { directory, profile = null, stateDir, narrate, signal } = options;
  if (!isRoot()) {
    throw new StressError(
      "environment",
      "Only root can start a rootful engine: run stress as root, or take a profile that is rootless",
    );
  }
  const setup = setupOf(profile, options.daemonJson);
  openStateDir(stateDir);
  await ensurePrograms(["iptables", "ip", "nsenter"], { narrate, signal });
  return await startInSlot(options, {
    account: ROOT,
    setup,
    rootless: false,
    describe: () => "as root in a network namespace of its own",
    launch: (record, paths) => launch(record, paths, { directory, daemonJson: setup.daemonJson }),
  });
};
