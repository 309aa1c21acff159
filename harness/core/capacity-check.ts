/**
 * Whether networks ran out where the engine's address pools said they would: a prediction that the run itself checks.
 */
import { z } from "zod";
import { classifyAnswer } from "./classify.ts";
import type { EventOf } from "./events.ts";
import type { JobHistory, RunHistory, WaveHistory } from "./history.ts";
import { judgeArm } from "./judged-wave.ts";
import { count } from "./units.ts";

const amount = z.int().nonnegative();

export const capacityCheckSchema = z.object({
  arms: z
    .array(
      z.object({
        arm: z.string(),
        /** Networks that fitted when the engine started: the fewest of its engines'. */
        free: amount,
        /** In their order; without those that were cut off, or had their pools filled on purpose. */
        waves: z
          .array(
            z.object({
              wave: z.int().positive(),
              jobs: amount,
              /** Jobs that get no network. */
              predicted: amount,
              /** Jobs that were refused one because the pools were exhausted. */
              seen: amount,
            }),
          )
          .readonly(),
        /** In words. */
        text: z.string(),
      }),
    )
    .readonly(),
  /** Every wave lost as many jobs as was predicted. */
  holds: z.boolean(),
});
export type CapacityCheck = z.infer<typeof capacityCheckSchema>;
type ArmCheck = CapacityCheck["arms"][number];
type WaveCheck = ArmCheck["waves"][number];

/** The engine that a wave ran on: the last of its profile that was ready before it. */
const engineUnder = (
  { started }: WaveHistory,
  engines: RunHistory["engines"],
  profile: string | null,
): EventOf<"engine.started"> | null =>
  engines.findLast((engine) => engine.profile === profile && engine.at <= started.at) ?? null;

/** Null where nobody knows: its call has no answer. */
const gotNoNetwork = ({ burst }: JobHistory): boolean | null => {
  // A mitigation may ask again: the last answer is the job's.
  const last = burst.findLast(({ operation }) => operation === "network.create");
  if (last === undefined || last.answer.kind === "unknown") return null;
  return classifyAnswer(last.answer, last.operation)?.class === "network.subnet_exhausted";
};

const isDisturbed = ({ faults }: WaveHistory): boolean =>
  faults.some(({ fault }) => fault.kind === "exhaust-subnets");

const inWaves = (values: readonly number[], jobs: number): string => {
  const [first = 0] = values;
  const same = values.every((value) => value === first);
  const amounts = same ? (first === 0 ? "none" : String(first)) : values.join(", ");
  const where =
    values.length === 1
      ? "in 1 wave"
      : `in ${same && first > 0 ? "each of " : ""}${String(values.length)} waves`;
  return `${amounts} of ${count(jobs, "job")} refused ${where}`;
};

const wordsOf = (free: number, waves: readonly WaveCheck[]): string => {
  const fits = `${count(free, "network")} ${free === 1 ? "fits" : "fit"}`;
  const lost = waves.find(({ predicted }) => predicted > 0);
  const jobs = waves.reduce((most, wave) => Math.max(most, wave.jobs), 0);
  const predicted =
    lost === undefined
      ? `none refused (${fits})`
      : `refused from job ${String(lost.jobs - lost.predicted + 1)} of wave ${String(lost.wave)} on (${fits})`;
  const same = waves.every((wave) => wave.predicted === wave.seen);
  const seen = inWaves(
    waves.map((wave) => wave.seen),
    jobs,
  );
  return `predicted: ${predicted}; seen: ${seen}, ${same ? "" : "not "}as predicted`;
};

/** Null where no engine of the run told its capacity, or no wave ran to its end. */
export const capacityCheck = ({ started, engines, waves }: RunHistory): CapacityCheck | null => {
  // A job of another scenario makes several networks, or none.
  const stacks = started.arms.filter(({ scenario }) => scenario === "stacks");
  const arms = stacks.flatMap((arm): readonly ArmCheck[] => {
    const checked = judgeArm({ started, waves }, arm.id).flatMap(({ wave, finished }) => {
      if (isDisturbed(wave)) return [];
      const capacity = engineUnder(wave, engines, arm.profile ?? null)?.capacity ?? null;
      const refusals = wave.jobs.map(gotNoNetwork);
      if (capacity === null || !finished || refusals.includes(null)) return [];
      const jobs = wave.jobs.length;
      const { free } = capacity;
      const check: WaveCheck = {
        wave: wave.started.wave,
        jobs,
        predicted: Math.max(0, jobs - free),
        seen: refusals.filter(Boolean).length,
      };
      return [{ free, check }];
    });
    if (checked.length === 0) return [];
    const free = checked.reduce((fewest, each) => Math.min(fewest, each.free), Infinity);
    const checks = checked.map(({ check }) => check);
    return [{ arm: arm.id, free, waves: checks, text: wordsOf(free, checks) }];
  });
  if (arms.length === 0) return null;
  const holds = arms.every((arm) => arm.waves.every(({ predicted, seen }) => predicted === seen));
  return { arms, holds };
};
