import { z } from "zod";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { unixRequest } from "../unix-request.ts";
import type { PortHolder } from "./port-holder.ts";

const addedAnswer = z.object({ id: z.int().positive() });

/** How long RootlessKit may take to let go of one port, in milliseconds. */
const RELEASE_MS = 5000;

/** RootlessKit's own words where the kernel, or its table, has the port already. */
const TAKEN = /address already in use|conflict with ID/;

const environment = (words: string, cause?: unknown): StressError =>
  new StressError("environment", `RootlessKit cannot be asked for a port: ${words}`, { cause });

/**
 * Ports that a RootlessKit forwards to nobody: for the engine above it a forward that leaked, for every other
 * engine on the machine a listener of that one. No container is needed for either, and so no image.
 *
 * @param apiSocket - of RootlessKit's own API
 * @see rootless-containers/rootlesskit pkg/api/openapi.yaml, `POST /v1/ports`
 */
export const rootlesskitForwards = (apiSocket: string): PortHolder => {
  const ids = new Set<number>();
  return {
    hold: async (port, signal) => {
      // As the daemon itself asks: RootlessKit compares these with what the daemon asks for next.
      const spec = { proto: "tcp4", parentIP: "0.0.0.0", parentPort: port };
      const body = { ...spec, childIP: "127.0.0.1", childPort: port };
      const asked = { socketPath: apiSocket, method: "POST", path: "/v1/ports", body } as const;
      const { status, body: answer } = await unixRequest({ ...asked, signal }).catch(
        (cause: unknown) => {
          signal.throwIfAborted();
          throw environment(messageOf(cause), cause);
        },
      );
      if (status === 201) {
        const { id } = addedAnswer.parse(JSON.parse(answer));
        ids.add(id);
        return `forward ${String(id)} of 0.0.0.0:${String(port)}`;
      }
      if (TAKEN.test(answer)) return null;
      throw environment(`it answered ${String(status)}: ${answer.trim()}`);
    },
    release: async () => {
      for (const id of ids) {
        ids.delete(id);
        const path = `/v1/ports/${String(id)}`;
        const signal = AbortSignal.timeout(RELEASE_MS);
        // Where RootlessKit is gone, its forwards are.
        await unixRequest({ socketPath: apiSocket, method: "DELETE", path, signal }).catch(
          () => null,
        );
      }
    },
  };
};
