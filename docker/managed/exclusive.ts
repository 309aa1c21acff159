/**
 * One process at a time decides who has which slot.
 */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { contentKey } from "./state-directory.ts";

const hold = (address: string): Promise<(() => void) | null> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(address, () => {
      resolve(() => server.close());
    });
  });

/**
 * Performs the action while no other process performs one for the same directory.
 *
 * The lock is an abstract socket: the kernel gives it to one process and takes it back when that process
 * ends, however it ends, so there is no stale lock to recognise.
 */
export const exclusively = async <Result>(
  directory: string,
  signal: AbortSignal,
  action: () => Promise<Result>,
): Promise<Result> => {
  const address = `\0rootless-stress-${contentKey([directory])}`;
  let release = await hold(address);
  while (release === null) {
    signal.throwIfAborted();
    await sleep(50);
    release = await hold(address);
  }
  try {
    return await action();
  } finally {
    release();
  }
};

/**
 * The same without waiting: null while another process of the machine does something under this name.
 *
 * @returns what lets go of it
 */
export const holdUnlessHeld = (name: string): Promise<(() => void) | null> =>
  hold(`\0rootless-stress-${contentKey([name])}`);
