/**
 * The engine's processes: what they may do, how they were told to behave, and how much they hold.
 */
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ProcessesSeen } from "../../harness/core/doctor/facts.ts";
import { flagIn, switchIn } from "../evidence/command-flags.ts";
import type { EngineUnder } from "../evidence/engine-under.ts";
import { entrance } from "../evidence/namespace.ts";
import { seeProcess, type ProcessSeen } from "../evidence/process-table.ts";
import { isRoot } from "../managed/host-needs.ts";
import { textOf } from "./text-of.ts";

/** Bit of CAP_NET_BIND_SERVICE, see capabilities(7). */
const BIND_SERVICE = 10n;

/** Whether the text of `/proc/PID/status` has the capability in effect; null where it has no such line. */
export const bindsPrivileged = (status: string): boolean | null => {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined ? null : ((BigInt(`0x${effective}`) >> BIND_SERVICE) & 1n) === 1n;
};

/** The environment of a process; null where other users' are not ours to read. */
export const environmentOf = async (pid: number): Promise<ReadonlyMap<string, string> | null> => {
  const text = await textOf(`/proc/${String(pid)}/environ`);
  if (text === null) return null;
  return new Map(
    text.split("\0").map((entry): [string, string] => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
};

const daemonJson = z.object({
  iptables: z.boolean().optional(),
  "userland-proxy": z.boolean().optional(),
});

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";

/** A file of the daemon's; null when it is not there, undefined when it may not be read. */
const fileOf = async (pid: number, path: string): Promise<string | null | undefined> => {
  // As the daemon sees it, else as we do.
  for (const root of [`/proc/${String(pid)}/root`, ""]) {
    try {
      return await readFile(`${root}${path}`, "utf8");
    } catch (thrown) {
      if (isMissing(thrown)) return null;
    }
  }
  return undefined;
};

const configPath = async (daemon: ProcessSeen, rootless: boolean): Promise<string | null> => {
  const named = flagIn(daemon.words, "--config-file");
  if (named !== null) return named;
  if (!rootless) return "/etc/docker/daemon.json";
  const environment = await environmentOf(daemon.pid);
  const home = environment?.get("HOME");
  const config =
    environment?.get("XDG_CONFIG_HOME") ?? (home === undefined ? null : join(home, ".config"));
  return config === null ? null : join(config, "docker/daemon.json");
};

const configOf = async (
  daemon: ProcessSeen,
  rootless: boolean,
): Promise<ProcessesSeen["config"]> => {
  const iptables = switchIn(daemon.words, "--iptables");
  const userlandProxy = switchIn(daemon.words, "--userland-proxy");
  const path = await configPath(daemon, rootless);
  const text = path === null ? undefined : await fileOf(daemon.pid, path);
  if (text === undefined) {
    return iptables === null && userlandProxy === null ? null : { iptables, userlandProxy };
  }
  let settings: z.infer<typeof daemonJson> = {};
  try {
    settings = daemonJson.parse(text === null ? {} : JSON.parse(text));
  } catch {
    // Changed since the daemon started, or it would not have: what it was then is not known.
    return { iptables, userlandProxy };
  }
  return {
    iptables: iptables ?? settings.iptables ?? null,
    userlandProxy: userlandProxy ?? settings["userland-proxy"] ?? null,
  };
};

const filesOf = async (who: string, pid: number): Promise<ProcessesSeen["files"]> => {
  const [limits, descriptors] = await Promise.all([
    textOf(`/proc/${String(pid)}/limits`),
    readdir(`/proc/${String(pid)}/fd`).catch(() => null),
  ]);
  const limit = /^Max open files\s+(\d+)/m.exec(limits ?? "")?.[1];
  return limit === undefined || descriptors === null
    ? []
    : [{ who: `${who} (pid ${String(pid)})`, limit: Number(limit), used: descriptors.length }];
};

/** How a person's command gets to where the engine has its rules. */
const enterOf = ({ namespace }: EngineUnder): readonly string[] => {
  const flags = namespace === null ? [] : entrance(namespace, isRoot());
  return flags.length === 0 ? [] : ["nsenter", ...flags];
};

/** Null where the daemon's process is not seen. */
export const processesSeen = async (
  engine: EngineUnder,
  users: ReadonlyMap<number, string>,
): Promise<ProcessesSeen | null> => {
  const { daemonPid, rootlesskitPid } = engine;
  const daemon = daemonPid === null ? null : seeProcess(daemonPid);
  if (daemon === null) return null;
  const rootless = engine.rootless === true;
  const binder = rootless ? rootlesskitPid : daemon.pid;
  const head = binder === null ? daemon : (seeProcess(binder) ?? daemon);
  const [status, program, config, files] = await Promise.all([
    binder === null ? null : textOf(`/proc/${String(binder)}/status`),
    binder === null ? null : readlink(`/proc/${String(binder)}/exe`).catch(() => null),
    configOf(daemon, rootless),
    Promise.all([
      filesOf("dockerd", daemon.pid),
      ...(rootlesskitPid === null ? [] : [filesOf("RootlessKit", rootlesskitPid)]),
    ]),
  ]);
  return {
    rootless,
    rootlesskit: rootlesskitPid,
    daemon: daemon.pid,
    uid: head.uid,
    user: users.get(head.uid) ?? null,
    api: engine.apiSocket,
    hostNetwork: engine.hostNetwork,
    enter: enterOf(engine),
    bindsPrivileged: status === null ? null : bindsPrivileged(status),
    binder: program,
    config,
    files: files.flat(),
  };
};
