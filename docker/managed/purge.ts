/**
 * Undoes everything: `stress clean --purge`.
 */
import { existsSync } from "node:fs";
import { StressError } from "../../harness/core/errors.ts";
import { removeAccount } from "./account.ts";
import { readRecords } from "./engine-record.ts";
import { exclusively } from "./exclusive.ts";
import { isAlive } from "./processes.ts";
import { removeTree, takeDown } from "./take-down.ts";

const PURGE_MS = 600_000;

/**
 * Removes engines, images and the account that the tool made; packages it installed stay.
 *
 * @throws StressError("environment") while another process that still runs has an engine here
 */
export const purge = async (stateDir: string, narrate: (line: string) => void): Promise<void> => {
  if (!existsSync(stateDir)) return;
  // Its own deadline: half a purge is worse than a late answer to Ctrl-C.
  const signal = AbortSignal.timeout(PURGE_MS);
  await exclusively(stateDir, signal, async () => {
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
    await removeTree(stateDir);
  });
};
