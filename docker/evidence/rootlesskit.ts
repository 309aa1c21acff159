import { request } from "node:http";
import { dirname, join } from "node:path";
import { z } from "zod";

const driver = z.object({ driver: z.string() });

const infoAnswer = z.object({
  version: z.string(),
  networkDriver: driver.nullish(),
  portDriver: driver.nullish(),
});

/** What RootlessKit says of itself; a driver is null where it runs without one. */
export interface RootlesskitInfo {
  readonly version: string;
  readonly networkDriver: string | null;
  readonly portDriver: string | null;
}

/** How long a daemon beside us may take to say who it is, in milliseconds. */
const DEADLINE_MS = 2000;

const get = (socketPath: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const asking = request({ socketPath, path, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => {
        resolve(Buffer.concat(chunks).toString());
      });
      response.once("error", reject);
    });
    asking.once("error", reject);
    asking.end();
  });

/**
 * Asks the RootlessKit under a rootless engine, at `dockerd-rootless/api.sock` beside the engine's own socket;
 * null where none answers there. Engines before 23 do not tell which RootlessKit they run under.
 *
 * @see rootless-containers/rootlesskit pkg/api/openapi.yaml, `GET /v1/info`
 */
export const rootlesskitInfo = async (engineSocket: string): Promise<RootlesskitInfo | null> => {
  const socketPath = join(dirname(engineSocket), "dockerd-rootless", "api.sock");
  try {
    const { version, networkDriver, portDriver } = infoAnswer.parse(
      JSON.parse(await get(socketPath, "/v1/info")),
    );
    return {
      version,
      networkDriver: networkDriver?.driver ?? null,
      portDriver: portDriver?.driver ?? null,
    };
  } catch {
    // Not there, not ours to ask, or not a RootlessKit: nothing is known then.
    return null;
  }
};
