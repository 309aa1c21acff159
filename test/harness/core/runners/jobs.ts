/** Jobs of runners, planned for three services of the hub. */
import type { JobPlan, Mode, Operation } from "../../../../harness/core/model.ts";
import type { PlanRequest } from "../../../../harness/core/plan-request.ts";
import { plan } from "../../../../harness/core/plan.ts";
import { RUNNERS, type RunnerName } from "../../../../harness/core/runners/runner-names.ts";
import { RUNNER_RULES } from "../../../../harness/core/runners/runner-rules.ts";
import { REQUEST } from "../recorded.ts";

export const THREE: PlanRequest = { ...REQUEST, services: [], ports: "minimal" };

export interface Way {
  readonly runner?: RunnerName;
  readonly mode: Mode;
}

/** @param changes - to the request, beside its one arm */
export const jobOf = (way: Way, changes: Partial<PlanRequest> = {}): JobPlan => {
  const [wave] = plan({ ...THREE, arms: [{ ...way, n: 1 }], ...changes }).waves;
  const [job] = wave?.jobs ?? [];
  if (job === undefined) throw new Error("planned no job");
  return job;
};

/** Each runner in each mode that it has. */
export const WAYS: readonly Required<Way>[] = RUNNERS.flatMap((runner) =>
  RUNNER_RULES[runner].modes.map((mode) => ({ runner, mode })),
);

export const allOf = ({ phases, teardown }: JobPlan): readonly Operation[] =>
  [...phases, ...teardown].flat();
