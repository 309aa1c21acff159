import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { StressError } from "../../harness/core/errors.ts";
import type { Occupant } from "../../harness/core/nemesis.ts";
import { endChild } from "../child-process.ts";
import { OCCUPANT_PROGRAM } from "./occupant-program.ts";
import type { PortHolder } from "./port-holder.ts";

/** How it takes a port; a forward is RootlessKit's and not a process's, and where a connection is makes no difference. */
export type HostOccupancy = Exclude<Occupant, "forward" | "ephemeral">;

interface Occupying {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: AsyncIterator<string>;
}

const environment = (words: string, cause?: unknown): StressError =>
  new StressError("environment", `a port cannot be occupied: ${words}`, { cause });

const start = async (): Promise<Occupying> => {
  // A session of its own: Ctrl-C in the terminal is for the harness, which then lets go in order.
  const child = spawn("perl", ["-e", OCCUPANT_PROGRAM], { detached: true });
  child.stdin.on("error", () => undefined);
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw environment("install perl", cause);
  }
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
};

/** For letting go of everything, in milliseconds. */
const END_MS = 5000;

const end = ({ child }: Occupying): Promise<void> => endChild(child, END_MS, "end-of-input");

/**
 * Ports held by sockets of a process of its own, which ends when this process does, however that happens.
 *
 * Only a port in TIME_WAIT outlives it, by up to a minute, where the kernel is told not to let a reset end the wait
 * (`net.ipv4.tcp_rfc1337`).
 */
export const hostOccupant = (how: HostOccupancy): PortHolder => {
  let occupying: Promise<Occupying> | null = null;

  const ask = async (command: string, signal: AbortSignal): Promise<readonly string[]> => {
    const { child, lines } = await (occupying ??= start());
    // One that says nothing in time is of no use any more: what it holds ends with it.
    const giveUp = (): void => void child.kill("SIGKILL");
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    child.stdin.write(`${command}\n`);
    const line = await lines.next();
    signal.removeEventListener("abort", giveUp);
    if (line.done === true) throw environment("the process that was to hold it has ended");
    return line.value.split(" ");
  };

  return {
    hold: async (port, signal) => {
      signal.throwIfAborted();
      const [verb, , ...words] = await ask(`hold ${how} ${String(port)}`, signal);
      if (verb === "busy") return null;
      if (verb === "held") return words.join(" ");
      throw environment(`${how} on port ${String(port)}: ${words.join(" ")}`);
    },
    release: async () => {
      const ending = occupying;
      occupying = null;
      // What could not be started holds nothing.
      await ending?.then(end).catch(() => undefined);
    },
  };
};
