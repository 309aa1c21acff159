/**
 * What RootlessKit says on the socket of its own API.
 */
import { z } from "zod";
import type { Forward } from "../../harness/core/evidence.ts";
import { unixGet } from "../unix-get.ts";

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

const portsAnswer = z
  .array(
    z.object({
      id: z.int().positive(),
      spec: z.object({
        proto: z.string(),
        parentIP: z.string().default(""),
        parentPort: z.int(),
        childIP: z.string().nullish(),
        childPort: z.int(),
      }),
    }),
  )
  // Go writes an empty list as `null`.
  .nullable();

/** How long a daemon beside us may take to answer, in milliseconds. */
const DEADLINE_MS = 2000;

const ask = async <Schema extends z.ZodType>(
  apiSocket: string,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> => {
  try {
    const { status, body } = await unixGet(apiSocket, path, AbortSignal.timeout(DEADLINE_MS));
    return status === 200 ? schema.parse(JSON.parse(body)) : undefined;
  } catch {
    // Not there, not ours to ask, or not a RootlessKit: nothing is known then.
    return undefined;
  }
};

/**
 * Asks the RootlessKit under a rootless engine what it is; null where none answers. Engines before 23 do not tell
 * which RootlessKit they run under.
 *
 * @see rootless-containers/rootlesskit pkg/api/openapi.yaml, `GET /v1/info`
 */
export const rootlesskitInfo = async (apiSocket: string): Promise<RootlesskitInfo | null> => {
  const info = await ask(apiSocket, "/v1/info", infoAnswer);
  if (info === undefined) return null;
  return {
    version: info.version,
    networkDriver: info.networkDriver?.driver ?? null,
    portDriver: info.portDriver?.driver ?? null,
  };
};

/**
 * The ports that RootlessKit forwards, in the order of their ids; null where none answers, and where it has no port
 * driver: then somebody else forwards.
 *
 * @see rootless-containers/rootlesskit pkg/api/openapi.yaml, `GET /v1/ports`
 */
export const rootlesskitForwards = async (
  apiSocket: string,
): Promise<readonly Forward[] | null> => {
  const ports = await ask(apiSocket, "/v1/ports", portsAnswer);
  if (ports === undefined) return null;
  return (ports ?? [])
    .map(({ id, spec }) => ({
      id,
      protocol: spec.proto,
      parentIp: spec.parentIP,
      parentPort: spec.parentPort,
      // Empty: wherever the port driver reaches the child.
      childIp: spec.childIP === undefined || spec.childIP === "" ? null : spec.childIP,
      childPort: spec.childPort,
    }))
    .toSorted((a, b) => a.id - b.id);
};
