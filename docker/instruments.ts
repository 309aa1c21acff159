/**
 * What is measured on an engine beside its answers to calls: operations become answers with what was seen.
 */
import type Dockerode from "dockerode";
import { DeadlinePassed, messageOf, unreachable } from "../harness/core/errors.ts";
import type { Answer, MeasureOperation } from "../harness/core/model.ts";
import type { Performed } from "../harness/core/ports.ts";
import { routesAnswer, trafficAnswer } from "../harness/core/routes/answers.ts";
import type { RouteTable } from "../harness/core/routes/route-table.ts";
import { toAnswer } from "./client/answer.ts";
import { Refusal } from "./client/exchange.ts";
import type { Performer } from "./client/runtime.ts";
import type { Datapath } from "./datapath/datapath.ts";
import { measurePath } from "./datapath/instruments.ts";
import { readRoutes, watchTraffic } from "./routes/perform.ts";

export interface InstrumentOptions {
  readonly docker: Dockerode;
  readonly datapath: Datapath;
}

/** What the daemon refused is its answer; what an instrument could not do is a finding of ours. */
const failed = (error: unknown, signal: AbortSignal): Answer =>
  error instanceof Refusal || error instanceof DeadlinePassed || signal.aborted
    ? toAnswer(error, signal)
    : { kind: "refused", by: "harness", message: messageOf(error) };

/** What is known of a container between two of its operations. */
interface Routed {
  readonly before: RouteTable;
  readonly networks: readonly string[];
}

export const instrumentPerformer = ({
  docker,
  datapath,
}: InstrumentOptions): Performer<MeasureOperation> => {
  /** Of containers whose routes were read and not compared yet, by name. */
  const routed = new Map<string, Routed>();

  const routes = async (
    { service, container, unmoved }: Extract<MeasureOperation, { readonly kind: "routes.read" }>,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const { table: now, networks } = await readRoutes({ docker, container }, signal);
    const earlier = routed.get(container);
    if (!unmoved || earlier === undefined) {
      routed.set(container, { before: now, networks: networks.map(({ name }) => name) });
      return routesAnswer({ service, before: null, now, networks, attached: null });
    }
    const attached = networks.find(({ name }) => !earlier.networks.includes(name))?.name ?? null;
    return routesAnswer({ service, before: earlier.before, now, networks, attached });
  };

  const measure = async (operation: MeasureOperation, signal: AbortSignal): Promise<Answer> => {
    switch (operation.kind) {
      case "routes.read":
        return await routes(operation, signal);
      case "traffic.watch": {
        const { service, container: app, proxy, watchFor } = operation;
        const report = await watchTraffic({ docker, containers: { app, proxy }, watchFor }, signal);
        return trafficAnswer(report, { service, attached: null });
      }
      case "path.look":
      case "flow.measure":
      case "requests.measure":
        return await measurePath(operation, datapath, signal);
      default:
        return unreachable(operation);
    }
  };

  return async (operation, _, signal): Promise<Performed> => {
    try {
      return { answer: await measure(operation, signal), writtenAt: null };
    } catch (error) {
      return { answer: failed(error, signal), writtenAt: null };
    }
  };
};
