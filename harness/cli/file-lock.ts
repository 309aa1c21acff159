/**
 * Locks that all processes of the machine respect which lock the same file: the first seed's `flock`, by the very
 * program. Node has no flock(2); each hold is a process of its own, as it is for whoever uses the program in a script,
 * and its processor time is part of what the lock costs.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { once, setMaxListeners } from "node:events";
import { findProgram, SYSTEM_PATH } from "../../docker/managed/program.ts";
import { messageOf, StressError } from "../core/errors.ts";
import type { Arm } from "../core/model.ts";
import type { Locks } from "../core/ports.ts";

const PROGRAM = "flock";

/** `cat` has the lock: it says so by repeating what it was given, and ends when its input or this process does. */
const hold: Locks["hold"] = async (path, signal) => {
  if (signal.aborted) return null;
  // One listener for each that waits; Node warns from eleven on.
  setMaxListeners(0, signal);
  const child = spawn(PROGRAM, ["--no-fork", path, "cat"], {
    // A session of its own: Ctrl-C in the terminal is for the harness, which then lets go in order.
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: SYSTEM_PATH },
  });
  const giveUp = (): void => void child.kill();
  // What fails to start, or ends without the lock, shows as an end of its output.
  child.on("error", giveUp);
  child.stdin.on("error", giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  child.stdin.write("\n");
  const [word] = await Promise.race([once(child.stdout, "data"), once(child, "close")]).catch(
    () => [null],
  );
  signal.removeEventListener("abort", giveUp);
  if (!Buffer.isBuffer(word)) return null;
  return () => {
    child.stdin.end();
  };
};

export const fileLocks: Locks = { hold };

/**
 * Makes the lock files of these arms where there are none, and sees that they can be locked. Waits for nobody.
 *
 * @throws StressError("environment") where they cannot
 */
export const prepareLocks = (arms: readonly Arm[]): void => {
  for (const { mitigation } of arms) {
    if (mitigation?.kind !== "lock-file") continue;
    if (findProgram(PROGRAM, SYSTEM_PATH) === null) {
      throw new StressError("environment", "--mitigation lock-file: install flock (util-linux)");
    }
    try {
      const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
      // In /tmp anyone can put a link in its place: what that points to is not to be made, least of all by root. Other
      // users may lock the file: whoever may read a file may lock it.
      closeSync(openSync(mitigation.path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o644));
    } catch (cause) {
      const words = `--mitigation lock-file: ${messageOf(cause)}; name another: lock-file:PATH`;
      throw new StressError("environment", words, { cause });
    }
  }
};
