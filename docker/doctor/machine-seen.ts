/**
 * What the machine has for the engine's user: ids, helpers, cgroups, keys.
 */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { MachineSeen } from "../../harness/core/doctor/facts.ts";
import { firstFreeId } from "../managed/account.ts";
import { findProgram, runProgram, SYSTEM_PATH } from "../managed/program.ts";
import { textOf } from "./text-of.ts";

const PATIENCE_MS = 5000;

export interface EngineUser {
  readonly uid: number;
  readonly name: string | null;
}

/** The largest range that the text of `/etc/subuid` gives the user; 0 for none. RootlessKit asks for one. */
export const largestRange = (source: string, { uid, name }: EngineUser): number =>
  source.split("\n").reduce((largest, line) => {
    const [who, , amount] = line.trim().split(":");
    const isOurs = who !== undefined && who !== "" && (who === name || who === String(uid));
    return isOurs ? Math.max(largest, Number(amount) || 0) : largest;
  }, 0);

const subordinate = async (user: EngineUser): Promise<MachineSeen["subordinate"]> => {
  const files = ["/etc/subuid", "/etc/subgid"];
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: existsSync(file) ? await textOf(file) : "" })),
  );
  if (texts.some(({ text }) => text === null)) return null;
  return texts.map(({ file, text }) => ({
    file,
    count: largestRange(text ?? "", user),
    nextFree: firstFreeId(text ?? ""),
  }));
};

const SETUID = 0o4000;

const helper = async (name: string): Promise<MachineSeen["helpers"][number]> => {
  const path = findProgram(name, SYSTEM_PATH);
  if (path === null) return { name, path, privileged: false };
  if ((statSync(path).mode & SETUID) !== 0) return { name, path, privileged: true };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const capable = await runProgram("getcap", [path], {
    signal,
    env: { ...process.env, PATH: SYSTEM_PATH },
  }).then(
    (text) => /cap_set[ug]id/.test(text),
    () => null,
  );
  return { name, path, privileged: capable };
};

const CGROUPS = "/sys/fs/cgroup";

const cgroup = async ({ uid }: EngineUser): Promise<MachineSeen["cgroup"]> => {
  if (!existsSync(CGROUPS)) return null;
  if (!existsSync(join(CGROUPS, "cgroup.controllers"))) return { version: 1, controllers: null };
  const user = String(uid);
  const unit = join(CGROUPS, "user.slice", `user-${user}.slice`, `user@${user}.service`);
  const controllers = await textOf(join(unit, "cgroup.controllers"));
  return {
    version: 2,
    controllers: controllers?.split(/\s+/).filter((each) => each !== "") ?? null,
  };
};

/** The addresses that the text of `/etc/hosts` gives the name. */
export const addressesOf = (hosts: string, name: string): readonly string[] =>
  hosts.split("\n").flatMap((line) => {
    const [address, ...names] = (line.split("#")[0] ?? "").trim().split(/\s+/);
    return address !== undefined && names.includes(name) ? [address] : [];
  });

/** Of one user, in the text of `/proc/key-users`; null where the user has no line. */
export const keysIn = (
  table: string,
  uid: number,
): { readonly used: number; readonly max: number } | null => {
  const line = table.split("\n").find((each) => each.trim().startsWith(`${String(uid)}:`));
  const [, used, max] = /^\s*\d+:\s+\d+ \d+\/\d+ (\d+)\/(\d+) /.exec(line ?? "") ?? [];
  return used === undefined || max === undefined ? null : { used: Number(used), max: Number(max) };
};

const setting = async (path: string): Promise<number | null> => {
  const text = await textOf(join("/proc/sys", path));
  return text === null ? null : Number(text);
};

const keys = async ({ uid }: EngineUser): Promise<MachineSeen["keys"]> => {
  const table = await textOf("/proc/key-users");
  const found = table === null ? null : keysIn(table, uid);
  if (found !== null) return found;
  const max = await setting(uid === 0 ? "kernel/keys/root_maxkeys" : "kernel/keys/maxkeys");
  return max === null ? null : { used: 0, max };
};

/** Where systemd looks for units, of its own and of any user. @see systemd.unit(5) */
const UNIT_ROOTS = [
  "/etc/systemd",
  "/run/systemd",
  "/usr/local/lib/systemd",
  "/usr/lib/systemd",
  "/lib/systemd",
];

/** @see sd_booted(3) */
const dockerUnits = (): MachineSeen["dockerUnits"] => {
  const runs = existsSync("/run/systemd/system");
  const isIn = (directories: readonly string[]): boolean =>
    runs && directories.some((directory) => existsSync(join(directory, "docker.service")));
  return {
    system: isIn(UNIT_ROOTS.map((root) => join(root, "system"))),
    user: isIn([
      join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "systemd/user"),
      ...UNIT_ROOTS.map((root) => join(root, "user")),
    ]),
  };
};

/** @param user - the one who runs the engine, or would */
export const machineSeen = async (user: EngineUser): Promise<MachineSeen> => {
  const [ids, helpers, groups, hosts, inotifyInstances, ofKeys] = await Promise.all([
    subordinate(user),
    Promise.all(["newuidmap", "newgidmap"].map(helper)),
    cgroup(user),
    textOf("/etc/hosts"),
    setting("fs/inotify/max_user_instances"),
    keys(user),
  ]);
  return {
    subordinate: ids,
    helpers,
    cgroup: groups,
    localhost: hosts === null ? null : addressesOf(hosts, "localhost"),
    inotifyInstances,
    keys: ofKeys,
    dockerUnits: dockerUnits(),
  };
};
