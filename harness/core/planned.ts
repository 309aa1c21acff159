/**
 * What the jobs of a run were to do, operation by operation, from the request that its journal holds.
 */
import type { RunHistory, Step, WaveHistory } from "./history.ts";
import type { JobPlan, Operation, WavePlan } from "./model.ts";
import { plan } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";

/**
 * The run's waves, planned again; null where the journal holds no request (version 1).
 *
 * @param instead - what is to be different, such as the run's id
 */
export const plannedWaves = (
  { started }: RunHistory,
  instead: Partial<PlanRequest> = {},
): readonly WavePlan[] | null =>
  started.request === undefined ? null : plan({ ...started.request, ...instead }).waves;

/** One wave as it was planned; null where the journal does not tell. */
export const plannedWave = (
  waves: readonly WavePlan[] | null,
  { started }: WaveHistory,
): WavePlan | null =>
  // A plan numbers its waves from 1, in their order.
  waves?.[started.wave - 1] ?? null;

/** A job's id holds its wave: it is unique in the run. */
export const plannedJob = (waves: readonly WavePlan[], job: string): JobPlan | null =>
  waves.flatMap(({ jobs }) => jobs).find(({ id }) => id === job) ?? null;

/** Null for network operations. */
export const serviceOf = (operation: Operation): string | null =>
  "service" in operation ? (operation.service ?? null) : null;

/** Null where there is one of its kind. */
export const stepOf = (operation: Operation): string | null =>
  "step" in operation ? (operation.step ?? null) : null;

/** The planned operation that a step performed; null for one that the plan does not have. */
export const operationOf = (
  job: JobPlan,
  step: Pick<Step, "operation" | "service"> & Partial<Pick<Step, "step">>,
): Operation | null =>
  [...job.phases, ...job.teardown]
    .flat()
    .find(
      (operation) =>
        operation.kind === step.operation &&
        (step.service === null || serviceOf(operation) === step.service) &&
        (step.step === undefined || stepOf(operation) === step.step),
    ) ?? null;
