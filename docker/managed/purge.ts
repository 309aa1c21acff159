/**
 * Undoes everything: `stress clean --purge`.
 */
import { existsSync, readdirSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { removeAccount } from "./account.ts";
import { readRecords } from "./engine-record.ts";
import { exclusively } from "./exclusive.ts";
import { isAlive } from "./processes.ts";
import { MARKER, STATE_NAMES } from "./state-directory.ts";
import { removeTree, takeDown } from "./take-down.ts";

const PURGE_MS = 600_000;

/** What else is in it stays, and so does a directory that is not ours to unlink, such as a mount point. */
const removeIfEmpty = async (stateDir: string, narrate: (line: string) => void): Promise<void> => {
  const others = readdirSync(stateDir);
  if (others.length > 0) {
    narrate(`Leaving ${stateDir}: stress did not make ${others.join(", ")}`);
    return;
  }
  try {
    await rmdir(stateDir);
  } catch (thrown) {
    narrate(`Leaving ${stateDir}, which is empty: ${messageOf(thrown)}`);
  }
};

/**
 * Removes engines, images and the account that the tool made; packages it installed stay, and so does
 * everything in the directory that the tool did not make.
 *
 * @throws StressError("usage") for a directory without the marker, whatever it holds; StressError("environment")
 * while another process that still runs has an engine here
 */
export const purge = async (stateDir: string, narrate: (line: string) => void): Promise<void> => {
  // Its own deadline: half a purge is worse than a late answer to Ctrl-C.
  const signal = AbortSignal.timeout(PURGE_MS);
  await exclusively(stateDir, signal, async () => {
    if (!existsSync(stateDir)) return;
    if (!existsSync(join(stateDir, MARKER))) {
      throw new StressError(
        "usage",
        `${stateDir} is not marked as a state directory of stress (no ${MARKER} in it); remove by hand what is to go`,
      );
    }
    const records = readRecords(stateDir);
    for (const { name, owner } of records) {
      if (owner === null || owner.pid === process.pid || !isAlive(owner)) continue;
      throw new StressError(
        "environment",
        `Engine ${name} belongs to process ${String(owner.pid)}, which still runs; end that first`,
      );
    }
    for (const record of records) {
      narrate(`Taking down engine ${record.name}`);
      await takeDown(stateDir, record);
    }
    await removeAccount(stateDir, { narrate, signal });
    narrate(`Removing ${stateDir}`);
    for (const name of STATE_NAMES) await removeTree(join(stateDir, name));
    // Last, so that a purge that was stopped half way can be repeated.
    await rm(join(stateDir, MARKER), { force: true });
    await removeIfEmpty(stateDir, narrate);
  });
};
