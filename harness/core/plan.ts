/**
 * From what was asked for to every operation of every job, as data. The same request gives the same plan.
 */
import { armOf, crossed, warmupArms } from "./arms.ts";
import { datapathJob } from "./datapath/datapath-job.ts";
import { StressError, unreachable } from "./errors.ts";
import type { JobContext, JobSteps } from "./job-context.ts";
import type { Arm, JobPlan, Plan, Service, WavePlan } from "./model.ts";
import { LABEL } from "./model.ts";
import type { PlanRequest } from "./plan-request.ts";
import { BLOCK_FIRST_PORT, BLOCK_LAST_PORT } from "./modes.ts";
import { seeded, shuffled } from "./random.ts";
import { routesJob } from "./routes/routes-job.ts";
import { runnerJob } from "./runners/runner-job.ts";
import { publishedPorts } from "./stack-job.ts";

/** Plan and journal of a run are in memory: about 20 kB a job. */
export const MOST_JOBS = 50_000;

/** The services that a stack starts; none for what is no stack. */
const chosenServices = ({ scenario, services }: PlanRequest): readonly Service[] => {
  if (scenario.kind !== "stacks") {
    if (services.length === 0) return [];
    throw new StressError("usage", `--services: scenario ${scenario.name} has none to choose from`);
  }
  const known = scenario.services.map((service) => service.name);
  const stranger = services.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new StressError(
      "usage",
      `--services: scenario ${scenario.name} has no "${stranger}"; it has ${known.join(", ")}`,
    );
  }
  return scenario.services.filter(({ name }) => services.length === 0 || services.includes(name));
};

/** Jobs of each arm in mode `ports-block`, and the ports that each job takes. */
const blocksOf = (request: PlanRequest): readonly { readonly n: number; perJob: number }[] => {
  const services = chosenServices(request);
  return armsOf(request).flatMap(({ mode, n, ports = request.ports }) => {
    if (mode !== "ports-block") return [];
    return [{ n, perJob: services.flatMap((service) => publishedPorts(service, ports)).length }];
  });
};

/** How many ports from its first one on a run takes in mode `ports-block`; 0 without that mode. */
export const blockSize = (request: PlanRequest): number =>
  Math.max(0, ...blocksOf(request).map(({ n, perJob }) => n * perJob));

const refuseTooManyBlocks = (request: PlanRequest): void => {
  const { firstBlockPort: first = BLOCK_FIRST_PORT } = request;
  for (const { n, perJob } of blocksOf(request)) {
    const room = Math.floor((BLOCK_LAST_PORT - first + 1) / perJob);
    if (n <= room) continue;
    throw new StressError(
      "usage",
      `--mode ports-block: at ${String(perJob)} ports a job, ports ${String(first)}–` +
        `${String(BLOCK_LAST_PORT)} hold ${String(room)} jobs, not ${String(n)}`,
    );
  }
};

const armsOf = ({ arms, modes, ns, scenario }: PlanRequest): readonly Arm[] =>
  (arms ?? crossed({ profiles: [], modes, runners: [], ns, mitigations: [] })).map((spec) =>
    armOf(spec, scenario.name),
  );

/**
 * Lays out a run: blocks of one wave of each arm, the arms of a block in seeded random order.
 *
 * @throws StressError("usage") for a service, an image or a number of jobs that cannot be had
 */
export const plan = (request: PlanRequest): Plan => {
  const services = chosenServices(request);
  const arms = armsOf(request);
  refuseTooManyBlocks(request);
  const random = seeded(request.seed);
  const stepsOf = (job: JobContext): JobSteps => {
    const { scenario } = request;
    switch (scenario.kind) {
      case "stacks":
        return runnerJob({ ...job, services });
      case "routes":
        return routesJob(job, scenario);
      case "datapath":
        return datapathJob(job, scenario);
      default:
        return unreachable(scenario);
    }
  };
  const jobOf = (arm: Arm, wave: number, index: number): JobPlan => {
    const digits = String(arm.n).length;
    const id = `w${String(wave)}j${String(index + 1).padStart(digits, "0")}`;
    const job: JobContext = {
      request,
      arm,
      id,
      index,
      network: `stress-${request.run}-${id}`,
      labels: {
        [LABEL.run]: request.run,
        [LABEL.job]: id,
        [LABEL.owner]: request.owner,
      },
    };
    return { id, ...stepsOf(job) };
  };
  const warmups = Array.from({ length: request.warmups ?? 0 }, () => warmupArms(arms));
  const blocks = Array.from({ length: request.waves }, () => shuffled(arms, random));
  const order = [
    ...warmups.flatMap((round) => round.map((arm) => ({ arm, block: 0 }))),
    ...blocks.flatMap((block, index) => block.map((arm) => ({ arm, block: index + 1 }))),
  ];
  const waves = order.map(({ arm, block }, position): WavePlan => {
    const index = position + 1;
    return {
      index,
      block,
      arm: arm.id,
      jobs: Array.from({ length: arm.n }, (_, job) => jobOf(arm, index, job)),
    };
  });
  return {
    run: request.run,
    seed: request.seed,
    arms,
    waves,
    deadlines: request.deadlines,
    teardownConcurrency: request.teardownConcurrency,
    keepFailed: request.keepFailed,
  };
};
