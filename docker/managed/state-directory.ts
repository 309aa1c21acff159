/**
 * Where the tool keeps what outlives a run: engines it built, images it built, and the engines that run now.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { identify } from "./processes.ts";

/**
 * A state directory that somebody named, without `..` or a slash at its end: its lock goes by its path. Pure.
 *
 * @param source - who named it, for the message: `STRESS_STATE_DIR`, `--state-dir`
 * @throws StressError("usage") when it is not an absolute path
 */
export const checkedStateDir = (path: string, source: string): string => {
  if (path.startsWith("/")) return resolve(path);
  const given = path === "" ? "an empty one" : path;
  throw new StressError("usage", `${source} must be an absolute path, not ${given}`);
};

/**
 * The state directory when nobody names one. Pure.
 *
 * @param env - of this process: `STRESS_STATE_DIR`, `XDG_DATA_HOME` and `HOME` count
 * @param uid - effective user id; 0 is root
 * @throws StressError("usage") when `STRESS_STATE_DIR` is not an absolute path
 */
export const defaultStateDir = (
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): string => {
  const named = env["STRESS_STATE_DIR"];
  if (named !== undefined && named !== "") return checkedStateDir(named, "STRESS_STATE_DIR");
  if (uid === 0) return "/var/lib/rootless-stress";
  const home = env["HOME"];
  // The XDG rule: a relative path in these variables is to be ignored.
  const data = env["XDG_DATA_HOME"];
  if (data?.startsWith("/") === true) return join(data, "rootless-stress");
  if (home?.startsWith("/") === true) return join(home, ".local/share/rootless-stress");
  throw new StressError("usage", "HOME is not set; set STRESS_STATE_DIR to an absolute path");
};

/** In every directory that holds state and nothing else: what `purge` may empty. */
export const MARKER = "rootless-stress-state";

/** All that the tool makes in a state directory, beside the marker. */
export const STATE_NAMES = [
  "slots",
  "engines",
  "images",
  "programs",
  "building",
  "account",
] as const;

/** What state looks like that was made before there was a marker. */
const CONTENTS: Readonly<Record<string, RegExp>> = {
  slots: /^[0-7]$/,
  engines: /^(?:debian|archive)-.+-[0-9a-f]{16}$/,
  images: /^.+-[0-9a-f]{16}$/,
};

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** True for an empty directory, and for one with state that is certainly ours and nothing beside it. */
const isOursAlone = (stateDir: string): boolean => {
  const names = readdirSync(stateDir);
  if (names.length === 0) return true;
  if (!names.every((name) => STATE_NAMES.some((own) => own === name))) return false;
  const contents = Object.entries(CONTENTS).flatMap(([name, shape]) => {
    const directory = join(stateDir, name);
    const inside = isDirectory(directory) ? readdirSync(directory) : [];
    return inside.map((each) => shape.test(each));
  });
  return contents.length > 0 && contents.every(Boolean);
};

/**
 * Makes the state directory if need be, and marks it as ours to remove unless it holds anything of others.
 *
 * A directory that is not ours alone may still be used; it is then never marked, or its second use would be
 * taken for proof that `purge` may remove an `images` that was there before.
 */
export const openStateDir = (stateDir: string): void => {
  mkdirSync(stateDir, { recursive: true });
  const marker = join(stateDir, MARKER);
  if (existsSync(marker) || !isOursAlone(stateDir)) return;
  writeFileSync(marker, "State of rootless-stress; `stress clean --purge` removes it.\n");
};

/** Sixteen hex digits that change when any of the parts changes. */
export const contentKey = (parts: readonly (string | Buffer)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${String(part.length)}:`).update(part);
  return hash.digest("hex").slice(0, 16);
};

let scratchCount = 0;

/**
 * A new directory for something half made, to be renamed to its place when it is whole.
 *
 * Those of processes that no longer run are removed on the way, so a killed build leaves nothing for long.
 */
export const scratchDirectory = async (stateDir: string): Promise<string> => {
  openStateDir(stateDir);
  const parent = join(stateDir, "building");
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const [pid, startTime] = name.split("-");
    if (identify(Number(pid))?.startTime === startTime) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
  scratchCount += 1;
  const own = `${String(process.pid)}-${identify(process.pid)?.startTime ?? "0"}`;
  const directory = join(parent, `${own}-${String(scratchCount)}`);
  mkdirSync(directory);
  return directory;
};

/** Puts a whole directory in its place; when another process was first, its one stays. */
export const renameUnlessThere = async (directory: string, place: string): Promise<void> => {
  try {
    await rename(directory, place);
  } catch (thrown) {
    const taken =
      thrown instanceof Error &&
      "code" in thrown &&
      (thrown.code === "ENOTEMPTY" || thrown.code === "EEXIST");
    if (!taken) throw thrown;
  }
};
