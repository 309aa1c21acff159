/**
 * The ordinary user that a rootless engine runs as.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { isRoot, type HostOptions } from "./host-needs.ts";
import { runProgram } from "./program.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What root's engines run as. */
export const ENGINE_ACCOUNT = "rootless-stress";

/** Written when this tool made the account, so that `purge` removes no account of anybody else's. */
const markerFile = (stateDir: string): string => join(stateDir, "account");

/** The account of that name in the text of `/etc/passwd`; null when there is none. */
export const accountIn = (passwd: string, name: string): Account | null => {
  const line = passwd.split("\n").find((candidate) => candidate.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined
    ? null
    : { name, uid: Number(uid), gid: Number(gid) };
};

/**
 * Whether the text of `/etc/subuid` or `/etc/subgid` gives this account enough ids for images in general.
 *
 * RootlessKit asks for one range; images use ids up to 65535.
 */
export const hasSubordinateIds = (source: string, { name, uid }: Account): boolean =>
  source.split("\n").some((line) => {
    const [who, , amount] = line.trim().split(":");
    return (who === name || who === String(uid)) && Number(amount) >= 65_536;
  });

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

const subordinateFilesWithout = (account: Account): readonly string[] =>
  ["/etc/subuid", "/etc/subgid"].filter((file) => !hasSubordinateIds(read(file), account));

/** The first id after all ranges of the file, at least 100000 where useradd begins too. */
export const firstFreeId = (source: string): number =>
  source.split("\n").reduce((free, line) => {
    const [, first, amount] = line.trim().split(":");
    const end = Number(first) + Number(amount);
    return Number.isNaN(end) ? free : Math.max(free, end);
  }, 100_000);

const rangeFlag = (file: string): string => {
  const first = firstFreeId(read(file));
  const flag = file === "/etc/subuid" ? "--add-subuids" : "--add-subgids";
  return `${flag} ${String(first)}-${String(first + 65_535)}`;
};

const ownAccount = (): Account => {
  const { username, uid, gid } = userInfo();
  const account = { name: username, uid, gid };
  const without = subordinateFilesWithout(account);
  if (without.length === 0) return account;
  throw new StressError(
    "environment",
    `${username} has no range in ${without.join(" and ")}; run as root: usermod ${without.map(rangeFlag).join(" ")} ${username}`,
  );
};

/**
 * The account to run engines as: this process's own, or for root one made for the purpose.
 *
 * @throws StressError("environment") when an ordinary user has no subordinate ids, with the command that gives some
 */
export const ensureAccount = async (
  stateDir: string,
  { narrate, signal }: HostOptions,
): Promise<Account> => {
  if (!isRoot()) return ownAccount();
  if (accountIn(read("/etc/passwd"), ENGINE_ACCOUNT) === null) {
    const home = join(stateDir, "home");
    const args = ["--home-dir", home, "--no-create-home", "--shell", "/usr/sbin/nologin"];
    narrate(
      `Creating the user ${ENGINE_ACCOUNT} to run rootless engines as (no login, home in ${stateDir})`,
    );
    writeFileSync(markerFile(stateDir), `${ENGINE_ACCOUNT}\n`);
    await runProgram("useradd", [...args, "--user-group", ENGINE_ACCOUNT], { signal });
  }
  const account = accountIn(read("/etc/passwd"), ENGINE_ACCOUNT);
  if (account === null)
    throw new StressError("environment", `useradd made no user ${ENGINE_ACCOUNT}`);
  for (const file of subordinateFilesWithout(account)) {
    // Machines whose useradd is told not to hand out subordinate ids.
    await runProgram("usermod", [...rangeFlag(file).split(" "), ENGINE_ACCOUNT], { signal });
  }
  return account;
};

/** Removes the account if this tool made it for this state directory and nothing runs as it. */
export const removeAccount = async (
  stateDir: string,
  { narrate, signal }: HostOptions,
): Promise<void> => {
  if (!isRoot() || !existsSync(markerFile(stateDir))) return;
  if (accountIn(read("/etc/passwd"), ENGINE_ACCOUNT) !== null) {
    narrate(`Removing the user ${ENGINE_ACCOUNT}`);
    try {
      await runProgram("userdel", [ENGINE_ACCOUNT], { signal });
    } catch (thrown) {
      signal.throwIfAborted();
      // Another state directory's engine may run as it; that is no reason to keep this one's files.
      narrate(`Leaving the user ${ENGINE_ACCOUNT}: ${messageOf(thrown)}`);
    }
  }
  rmSync(markerFile(stateDir));
};
