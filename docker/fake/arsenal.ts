/**
 * What trouble is made with on the simulated engine and its machine.
 */
import type Dockerode from "dockerode";
import { z } from "zod";
import type { Occupant } from "../../harness/core/nemesis.ts";
import { portsBehind } from "../../harness/core/nemesis-targets.ts";
import type { PortHolder } from "../nemesis/port-holder.ts";
import type { Arsenal } from "../nemesis/trouble.ts";
import { askFake, FakeRefusal } from "./ask.ts";
import { FAKE_PATHS } from "./fake-api.ts";
import type { HeldPort } from "./held-port.ts";

const cursorAnswer = z.object({ last: z.int(), range: z.tuple([z.int(), z.int()]) });

/** `ip_local_port_range` of the simulated host: that of an ordinary one. */
const HOST_PORT_RANGE = [32_768, 60_999] as const;

const NOTES: Readonly<Record<Exclude<Occupant, "ephemeral"> | "other-engine", string>> = {
  outbound: "simulated outbound connection",
  listener: "simulated listener",
  timewait: "simulated connection in TIME_WAIT",
  forward: "simulated forward without a container",
  "other-engine": "simulated listener of another engine",
};

const TAKEN = 409;

const holderOf = (socketPath: string, by: HeldPort["by"] & keyof typeof NOTES): PortHolder => {
  const held = new Set<number>();
  return {
    hold: async (port, signal) => {
      held.add(port);
      try {
        await askFake({ socketPath, path: FAKE_PATHS.occupy, body: { port, by }, signal });
        return `${NOTES[by]} on port ${String(port)}`;
      } catch (error) {
        if (!(error instanceof FakeRefusal) || error.status !== TAKEN) throw error;
        held.delete(port);
        return null;
      }
    },
    release: async () => {
      for (const port of held) {
        held.delete(port);
        // A simulation that is gone holds nothing.
        await askFake({ socketPath, path: FAKE_PATHS.vacate, body: { port } }).catch(() => null);
      }
    },
  };
};

/** @param socketPath - of the fake engine */
export const fakeArsenal = (docker: Dockerode, socketPath: string): Arsenal => {
  const send = (signal: "pause" | "resume" | "kill"): Promise<unknown> =>
    askFake({ socketPath, path: FAKE_PATHS.daemon, body: { signal } });
  return {
    docker,
    occupant: (by) => Promise.resolve(holderOf(socketPath, by === "ephemeral" ? "outbound" : by)),
    secondEngine: () => Promise.resolve(holderOf(socketPath, "other-engine")),
    daemon: () =>
      Promise.resolve({
        pause: async () => {
          await send("pause");
          return "simulated dockerd stopped";
        },
        resume: async () => {
          await send("resume").catch(() => null);
        },
        kill: async () => {
          await send("kill");
          return "simulated dockerd killed";
        },
      }),
    nextPorts: async (_asked, signal) => {
      const answer = await askFake({ socketPath, path: FAKE_PATHS.cursor, signal });
      const { last, range } = cursorAnswer.parse(answer);
      return portsBehind(last, range);
    },
    hostPorts: () => Promise.resolve(HOST_PORT_RANGE),
    // By calls and not by time: a simulated burst may be over in a few milliseconds.
    midBurst: async ({ moment, jobs }, signal) => {
      const calls = 1 + Math.floor(moment * jobs);
      const path = `${FAKE_PATHS.pausedAfter}?calls=${String(calls)}`;
      await askFake({ socketPath, path, signal }).catch(() => null);
      if (signal.aborted) await send("resume").catch(() => null);
    },
  };
};
