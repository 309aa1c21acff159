/**
 * Takes an engine down so that nothing of it is left: no process, no mount, no file but its data and log.
 */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { StressError } from "../../harness/core/errors.ts";
import { removeCgroups } from "./cgroups.ts";
import { removeRecord, type EngineRecord } from "./engine-record.ts";
import { isRoot } from "./host-needs.ts";
import {
  identify,
  isAlive,
  mentions,
  processesApartNaming,
  processesInUserNamespace,
  processesWithRuntimeDir,
  userNamespaceOf,
  type ProcessIdentity,
} from "./processes.ts";
import { runProgram } from "./program.ts";
import { slotPaths, type SlotPaths } from "./slot.ts";

/** dockerd itself gives containers 10 s and then needs some to write down how they ended. */
const GRACE_MS = 15_000;
/** A killed process is gone at once, unless the kernel is busy with what it was doing. */
const KILL_MS = 15_000;
const POLL_MS = 25;

/** Resolves to whether the condition came true in time. */
const becomes = async (condition: () => boolean, withinMs: number): Promise<boolean> => {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
};

/**
 * User namespaces that are this engine's: those of processes started with its runtime directory, and the
 * recorded one if something in it still names the slot. A namespace's number alone may have a new holder.
 */
const namespacesOf = (
  { userNamespace }: EngineRecord,
  { directory, runtimeDir }: SlotPaths,
): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const pid of processesWithRuntimeDir(runtimeDir)) {
    const namespace = userNamespaceOf(pid);
    if (namespace !== null) found.add(namespace);
  }
  if (
    userNamespace !== null &&
    processesInUserNamespace(userNamespace).some((pid) => mentions(pid, directory))
  ) {
    found.add(userNamespace);
  }
  // RootlessKit's parent half and slirp4netns are in the namespace that everybody is in.
  const own = userNamespaceOf("self");
  if (own !== null) found.delete(own);
  return found;
};

/** dockerd, containerd, shims and containers go on when their parents are killed; none of them is missed here. */
const membersOf = (record: EngineRecord, slot: SlotPaths): readonly number[] => {
  const inside = [...namespacesOf(record, slot)].flatMap(processesInUserNamespace);
  const rootful = record.userNamespace === null ? processesApartNaming(slot.directory) : [];
  return [...new Set([...processesWithRuntimeDir(slot.runtimeDir), ...inside, ...rootful])].filter(
    (pid) => pid !== process.pid && identify(pid) !== null,
  );
};

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, or under a subordinate id, which `killFromInside` sees to.
  }
};

const KILL_NAMESPACE = `
for process in /proc/[0-9]*; do
  [ "\${process#/proc/}" = $$ ] && continue
  [ "$(readlink "$process/ns/user")" = "$0" ] && kill -KILL "\${process#/proc/}"
done
:`;

/**
 * An ordinary user may neither see nor end containers that run under subordinate ids, except from inside the
 * namespace, where he is root.
 */
const killFromInside = async (record: EngineRecord, slot: SlotPaths): Promise<void> => {
  for (const namespace of namespacesOf(record, slot)) {
    const [door] = processesInUserNamespace(namespace);
    if (door === undefined) continue;
    const target = ["--target", String(door), "--user", "--preserve-credentials"];
    await runProgram("nsenter", [...target, "sh", "-c", KILL_NAMESPACE, namespace], {
      signal: AbortSignal.timeout(KILL_MS),
      // Whether it worked is seen by who is left, not by how a shell ends that kills all around it.
    }).catch(() => "");
  }
};

const killMembers = async (record: EngineRecord, slot: SlotPaths): Promise<void> => {
  if (!isRoot()) await killFromInside(record, slot);
  const gone = await becomes(() => {
    const members = membersOf(record, slot);
    for (const pid of members) kill(pid, "SIGKILL");
    return members.length === 0;
  }, KILL_MS);
  if (gone) return;
  throw new StressError(
    "environment",
    `Processes of engine ${record.name} do not end: ${membersOf(record, slot).join(", ")}`,
  );
};

/** Mount points inside a directory in the text of `/proc/self/mountinfo`, innermost first. */
export const mountPointsUnder = (mountinfo: string, directory: string): readonly string[] =>
  mountinfo
    .split("\n")
    // Spaces in paths are written as \040; no path of ours has any.
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();

const unmountUnder = async (directory: string): Promise<void> => {
  for (const path of mountPointsUnder(readFileSync("/proc/self/mountinfo", "utf8"), directory)) {
    await runProgram("umount", ["--lazy", path], { signal: AbortSignal.timeout(KILL_MS) });
  }
};

/**
 * Removes a directory that may hold files of subordinate ids.
 *
 * @throws StressError("environment") when it cannot be removed
 */
export const removeTree = async (directory: string): Promise<void> => {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (cause) {
    if (isRoot()) {
      throw new StressError("environment", `Cannot remove ${directory}`, { cause });
    }
    const inside = ["--user", "--map-root-user", "--map-auto"];
    await runProgram("unshare", [...inside, "rm", "-rf", directory], {
      signal: AbortSignal.timeout(120_000),
    });
  }
};

/**
 * Stops an engine whatever state it is in and frees its slot. May be called again, and by several at once.
 *
 * First the engine is asked to stop (15 s), then everything of it is killed (15 s). It takes no signal:
 * a run that is being cancelled must still be able to clean up.
 *
 * @throws StressError("environment") when something could not be removed; the record then stays
 */
export const takeDown = async (stateDir: string, record: EngineRecord): Promise<void> => {
  const slot = slotPaths(stateDir, record.slot);
  const { engine } = record;
  if (engine !== null && isAlive(engine)) {
    kill(engine.pid, "SIGTERM");
    await becomes(() => !isAlive(engine), GRACE_MS);
  }
  await killMembers(record, slot);
  await unmountUnder(slot.directory);
  await removeTree(slot.runtimeDir);
  removeCgroups(record.slot);
  removeRecord(stateDir, record);
};

/** True for an engine that nobody will stop: its owner has died, or it has died itself without an owner. */
export const isAbandoned = ({ owner, engine }: EngineRecord): boolean =>
  owner === null ? engine === null || !isAlive(engine) : !isAlive(owner);

/** This process, as the owner of an engine. */
export const thisProcess = (): ProcessIdentity => {
  const identity = identify(process.pid);
  if (identity === null) throw new StressError("environment", "/proc does not show this process");
  return identity;
};
