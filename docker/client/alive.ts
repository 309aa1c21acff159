import type Dockerode from "dockerode";
import { exchange } from "./exchange.ts";

/** Whether the engine answers `/_ping` before the signal. */
export const isAlive = (docker: Dockerode, signal: AbortSignal): Promise<boolean> =>
  exchange(docker, { method: "GET", path: "/_ping" }, { signal }).then(
    () => true,
    () => false,
  );
