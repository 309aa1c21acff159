/**
 * The daemon stopped for a while, or killed, while jobs wait for its answers.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { inMidBurst } from "./mid-burst.ts";
import type { Arsenal, DaemonProcess, TroublePart } from "./trouble.ts";

const nothing = (): Promise<void> => Promise.resolve();

/** Stops dockerd, and lets it go on after this many seconds, or when the burst is over. */
export const slowDaemon = (
  { daemon, midBurst }: Pick<Arsenal, "daemon" | "midBurst">,
  seconds: number,
): TroublePart => {
  let found: DaemonProcess | null = null;
  return inMidBurst({
    wait: midBurst,
    prepare: async () => {
      found = await daemon();
    },
    come: async ({ report }, signal) => {
      if (found === null) return;
      const note = `${await found.pause()} for ${String(seconds)} s`;
      report({ kind: "slow-daemon", target: { of: "daemon" }, truth: "daemon_paused", note });
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
      await found.resume();
    },
    undo: async () => {
      await found?.resume();
    },
  });
};

export const killDaemon = ({
  daemon,
  midBurst,
}: Pick<Arsenal, "daemon" | "midBurst">): TroublePart => {
  let found: DaemonProcess | null = null;
  return inMidBurst({
    wait: midBurst,
    prepare: async () => {
      found = await daemon();
    },
    come: async ({ report }) => {
      if (found === null) return;
      const note = await found.kill();
      report({ kind: "kill-daemon", target: { of: "daemon" }, truth: "daemon_gone", note });
    },
    undo: async () => {
      await found?.resume();
    },
  });
};

/** Kills this very process: nothing that is to be done at the end of a run is done. */
export const killRunner = ({ midBurst }: Pick<Arsenal, "midBurst">): TroublePart =>
  inMidBurst({
    wait: midBurst,
    prepare: nothing,
    come: ({ report }) => {
      const note = `pid ${String(process.pid)} kills itself (SIGKILL)`;
      report({ kind: "kill-runner", target: { of: "runner" }, truth: null, note });
      process.kill(process.pid, "SIGKILL");
      return Promise.resolve();
    },
    undo: nothing,
  });
