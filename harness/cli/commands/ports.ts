import { findEngine, type EngineAddress } from "../../../docker/client/find-engine.ts";
import { readPortFacts } from "../../../docker/doctor/port-facts.ts";
import { portsJson, portsText } from "../../../reports/port-owners.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import type { PortFilter } from "../../core/port-owners/facts.ts";
import { portTable } from "../../core/port-owners/join.ts";
import { seconds } from "../../core/units.ts";
import { systemClock } from "../../run/clock.ts";
import { withDeadline } from "../../run/deadline.ts";
import type { Shell } from "../shell.ts";
import { toolVersion } from "../version.ts";

export interface PortsOptions {
  /** Null: all ports. */
  readonly asked: PortFilter | null;
  readonly host: string | undefined;
  readonly context: string | undefined;
  readonly json: boolean;
}

/** For a daemon with hundreds of containers that is busy beside. */
const PATIENCE = seconds(10);

/** @throws StressError("environment") when there is none, in words that this command can do something with */
const engineAt = (
  { host, context }: PortsOptions,
  environment: Shell["environment"],
): EngineAddress => {
  const named = {
    ...(host === undefined ? {} : { host }),
    ...(context === undefined ? {} : { context }),
  };
  try {
    return findEngine({ ...named, environment });
  } catch (cause) {
    if (!(cause instanceof StressError) || cause.code !== "environment") throw cause;
    throw new StressError(
      "environment",
      "no Docker engine found; start one (stress engine up), or name it: --host, --context or DOCKER_HOST",
    );
  }
};

/** `stress ports [PORT]`: looks, says who has what, and changes nothing. */
export const portsCommand = async (
  options: PortsOptions,
  { environment, signal, print, paint }: Shell,
): Promise<number> => {
  const { asked, json } = options;
  const address = engineAt(options, environment);
  const facts = await withDeadline(
    { clock: systemClock(), duration: PATIENCE, outer: signal },
    (bounded) => readPortFacts({ asked, address, signal: bounded }),
  );
  const table = portTable(facts, toolVersion());
  print(json ? portsJson(table) : portsText(table, paint));
  return EXIT.holds;
};
