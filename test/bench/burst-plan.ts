import type { ImageSet, Mode, Plan } from "../../harness/core/model.ts";
import { plan } from "../../harness/core/plan.ts";
import { seconds } from "../../harness/core/units.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import { stacks } from "../../scenarios/stacks.ts";

let runs = 0;

/** One wave of N jobs on one arm: what every peer of a comparison performs. */
export const burstPlan = (options: {
  readonly n: number;
  readonly mode: Mode;
  readonly images: ImageSet;
}): Plan => {
  runs += 1;
  return plan({
    run: `bench-${String(process.pid)}-${String(runs)}`,
    seed: "bench",
    scenario: stacks,
    services: [],
    modes: [options.mode],
    ns: [options.n],
    waves: 1,
    ports: "all",
    images: options.images,
    deadlines: { call: seconds(120), ready: seconds(120), teardown: seconds(600) },
    teardownConcurrency: 4,
    keepFailed: false,
    owner: ownerToken(),
  });
};
