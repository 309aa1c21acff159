/**
 * What kind of thing an operation is: whom it asks, and what it leaves.
 */
import type {
  CallOperation,
  CliCommand,
  MeasureOperation,
  Operation,
  OperationKind,
  ProbeOperation,
  RunnerOperation,
} from "./model.ts";

type Asks = "daemon" | "service" | "runner" | "instrument";

const ASKS: Readonly<Record<OperationKind, Asks>> = {
  "network.create": "daemon",
  "network.connect": "daemon",
  "container.create": "daemon",
  "container.start": "daemon",
  "container.inspect": "daemon",
  "container.wait": "daemon",
  "container.remove": "daemon",
  "network.remove": "daemon",
  command: "runner",
  "stack.up": "runner",
  "stack.down": "runner",
  health: "runner",
  ready: "service",
  identity: "service",
  "routes.read": "instrument",
  "traffic.watch": "instrument",
  "path.look": "instrument",
  "flow.measure": "instrument",
  "requests.measure": "instrument",
};

/** Asked of the service, not of the daemon. */
export const isUse = (kind: OperationKind): boolean => ASKS[kind] === "service";

/** Takes as long as services take to become ready, whoever is asked. */
export const isWait = (kind: OperationKind): boolean =>
  isUse(kind) || kind === "health" || kind === "container.wait" || kind === "stack.up";

/** One question to the daemon, in a call or in a process; a runner's wait and a whole stack are many. */
export const isOneRequest = (kind: OperationKind): boolean =>
  ASKS[kind] === "daemon" || kind === "command";

export const isCall = (operation: Operation): operation is CallOperation =>
  ASKS[operation.kind] === "daemon";
export const isProbe = (operation: Operation): operation is ProbeOperation =>
  ASKS[operation.kind] === "service";
export const isRunnerStep = (operation: Operation): operation is RunnerOperation =>
  ASKS[operation.kind] === "runner";
export const isMeasurement = (operation: Operation): operation is MeasureOperation =>
  ASKS[operation.kind] === "instrument";

/** The process that a runner starts for it; null where it is a call of ours. */
export const commandOf = (operation: Operation): CliCommand | null =>
  "cli" in operation ? (operation.cli ?? null) : null;

/** A step that makes nothing, so that the runner only warns where it fails. */
export const isTolerated = (operation: Operation): boolean =>
  "tolerant" in operation && operation.tolerant;
