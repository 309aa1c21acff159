/**
 * Where the tool keeps what outlives a run: engines it built, images it built, and the engines that run now.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { identify } from "./processes.ts";

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
  if (named !== undefined && named !== "") {
    if (named.startsWith("/")) return named;
    throw new StressError("usage", `STRESS_STATE_DIR must be an absolute path, not ${named}`);
  }
  if (uid === 0) return "/var/lib/rootless-stress";
  const home = env["HOME"];
  // The XDG rule: a relative path in these variables is to be ignored.
  const data = env["XDG_DATA_HOME"];
  if (data?.startsWith("/") === true) return join(data, "rootless-stress");
  if (home?.startsWith("/") === true) return join(home, ".local/share/rootless-stress");
  throw new StressError("usage", "HOME is not set; set STRESS_STATE_DIR to an absolute path");
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
