/**
 * The operations that measure a way in, as a run asks for them and is answered.
 */
import { messageOf } from "../../harness/core/errors.ts";
import type { Measured } from "../../harness/core/measured.ts";
import type { Answer, MeasureOperation } from "../../harness/core/model.ts";
import { toAnswer } from "../client/answer.ts";
import { UnusableAnswer } from "../client/daemon-schemas.ts";
import { ConnectionLost, Refusal } from "../client/exchange.ts";
import type { Datapath } from "./datapath.ts";

export type PathOperation = Extract<
  MeasureOperation,
  { readonly kind: "path.look" | "flow.measure" | "requests.measure" }
>;

const measured = (
  operation: PathOperation,
  datapath: Datapath,
  signal: AbortSignal,
): Promise<Measured> => {
  switch (operation.kind) {
    case "path.look":
      return datapath.lookAtPath(operation.way, "iperf3", signal);
    case "flow.measure":
      return datapath.measureFlow(operation.way, operation.flow, signal);
    case "requests.measure":
      return datapath.measureRequests(operation.way, operation.requests, signal);
  }
};

const saysDaemon = (error: unknown): boolean =>
  error instanceof Refusal || error instanceof UnusableAnswer || error instanceof ConnectionLost;

/**
 * Resolves to data whatever happens. A way that leads nowhere is measured: `unreachable`; what fails on a way that
 * leads somewhere is the server's refusal, in its words.
 */
export const measurePath = async (
  operation: PathOperation,
  datapath: Datapath,
  signal: AbortSignal,
): Promise<Answer> => {
  try {
    return { kind: "done", measured: await measured(operation, datapath, signal) };
  } catch (error) {
    if (signal.aborted || saysDaemon(error))
      return toAnswer(signal.aborted ? signal.reason : error, signal);
    return { kind: "refused", by: "service", message: messageOf(error) };
  }
};
