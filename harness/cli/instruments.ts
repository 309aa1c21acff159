/**
 * What the scenario of a run is measured with.
 */
import { createDatapath } from "../../docker/datapath/datapath.ts";
import { engineUnder } from "../../docker/evidence/engine-under.ts";
import { instrumentPerformer } from "../../docker/instruments.ts";
import type { RuntimeOptions } from "../../docker/client/runtime.ts";
import { StressError } from "../core/errors.ts";
import type { Scenario } from "../core/model.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import { socketPathOf, type EngineSession } from "./engine-session.ts";
import type { Shell } from "./shell.ts";

/**
 * @param cleanup - ends what is started outside any container
 * @returns nothing for a scenario that only makes calls
 * @throws StressError("environment") for a program that cannot be had
 */
export const instrumentsFor = async (
  { kind }: Scenario,
  session: EngineSession,
  { stateDir, say, signal }: Shell,
  cleanup: CleanupStack,
): Promise<Pick<RuntimeOptions, "instruments">> => {
  if (kind === "stacks") return {};
  const { docker, address } = session;
  const socketPath = socketPathOf(address);
  if (kind === "datapath" && (await engineUnder(socketPath)).daemonPid === null) {
    throw new StressError(
      "environment",
      "--scenario datapath measures processes of this machine, and this engine's daemon is not one of them",
    );
  }
  const datapath = createDatapath({
    ...{ docker, stateDir, narrate: say },
    socketPath,
  });
  cleanup.defer(() => datapath.close());
  if (kind === "datapath") await datapath.prepare(signal);
  return { instruments: instrumentPerformer({ docker, datapath }) };
};
