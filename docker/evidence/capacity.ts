/**
 * How many networks an engine has room for, as its daemon and its namespace tell.
 */
import type Dockerode from "dockerode";
import { z } from "zod";
import { capacityOf, isIpv4, poolSchema, type Capacity } from "../../harness/core/capacity.ts";
import { DEFAULT_POOLS, type Pool } from "../../harness/core/known-engines.ts";
import { poolsAnswer } from "../client/daemon-schemas.ts";
import { exchange } from "../client/exchange.ts";
import type { EngineAddress } from "../client/find-engine.ts";
import { told, type EngineQuestions } from "./engine-questions.ts";
import { engineUnder } from "./engine-under.ts";
import { subnetsTaken } from "./holders-of-names.ts";
import { reservedPrefixes } from "./reserved-prefixes.ts";

/** Those of a daemon.json; null where it says nothing of them, or something that no daemon starts with. */
const poolsIn = (daemonJson: Readonly<Record<string, unknown>> | null): readonly Pool[] | null =>
  z.array(poolSchema).safeParse(daemonJson?.["default-address-pools"]).data ?? null;

const reservedUnder = async (socketPath: string | null): Promise<readonly string[] | null> => {
  const { namespace, daemonPid } = await engineUnder(socketPath);
  return namespace === null ? null : await reservedPrefixes(namespace, daemonPid);
};

/**
 * Routes count where the engine's namespace can be read; an engine elsewhere may have some more in the way. Null
 * where the daemon does not tell its pools or its networks.
 *
 * @param daemonJson - what the engine was started with, where that is known
 */
export const readCapacity = async ({
  docker,
  address,
  daemonJson,
  deadlineMs,
  signal,
}: {
  readonly docker: Dockerode;
  readonly address: EngineAddress;
  readonly daemonJson: Readonly<Record<string, unknown>> | null;
  /** For one question, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}): Promise<Capacity | null> => {
  const questions: EngineQuestions = {
    ask: (path, late) =>
      exchange(docker, { method: "GET", path }, { signal: AbortSignal.any([signal, late]) }),
    deadlineMs,
  };
  const { target } = address;
  const [info, networks, reserved] = await Promise.all([
    told(questions, "/info", poolsAnswer),
    subnetsTaken(questions),
    reservedUnder(target.kind === "socket" ? target.path : null),
  ]);
  if (info === null || networks === null) return null;
  const pools = info.DefaultAddressPools ?? poolsIn(daemonJson) ?? DEFAULT_POOLS;
  const taken = [...networks.flatMap(({ subnets }) => subnets), ...(reserved ?? [])];
  return capacityOf(pools.filter(isIpv4), taken);
};
