/**
 * What a comparison will cost, for the terminal and as JSON.
 */
import { planOfWavesSchema, type PlanOfWaves } from "../harness/core/expectations/plan-of-waves.ts";
import { shareText } from "../harness/core/expectations/finding.ts";
import { MOST_JOBS } from "../harness/core/plan.ts";
import { durationText } from "./arm-columns.ts";
import { jsonText } from "./json-text.ts";
import { printable } from "./printable.ts";

const hours = (duration: number): string =>
  duration < 3_600_000 ? durationText(duration) : `${(duration / 3_600_000).toFixed(1)} hours`;

type Needed = NonNullable<PlanOfWaves["needed"]>;

const rowsOf = (plan: PlanOfWaves, needed: Needed): readonly (readonly [string, string])[] => [
  ["waves of each arm", `${String(needed.waves)} of ${String(plan.jobs)} jobs`],
  ["power", `${shareText(needed.power)} (asked: ${shareText(plan.power)})`],
  [
    "time",
    `${hours(needed.duration)}: two arms, ${durationText(plan.block)} a block (${printable(plan.blockFrom)})`,
  ],
  [
    "design effect",
    `${String(Number(plan.designEffect.toPrecision(2)))} (${printable(plan.designEffectFrom)})`,
  ],
  [
    "without a failure",
    `0 of ${String(needed.jobs)} jobs: the rate is at most ${shareText(needed.cleanBound)}, with 95 % confidence`,
  ],
];

const question = ({ detect, alpha }: PlanOfWaves): string =>
  `to tell a failure rate of ${shareText(detect.first)} from ${shareText(detect.second)}, with an error of ${shareText(alpha)}`;

/** Two arms in one run have room for so many waves of each; several runs are held against each other by `compare`. */
const commandOf = ({ jobs }: PlanOfWaves, waves: number): string => {
  const most = Math.max(1, Math.floor(MOST_JOBS / (2 * jobs)));
  const runs = Math.ceil(waves / most);
  const each = `stress run --n ${String(jobs)} --waves ${String(Math.ceil(waves / runs))}`;
  return runs === 1 ? each : `${String(runs)} runs, each: ${each}`;
};

export const planOfWavesText = (plan: PlanOfWaves): string => {
  if (plan.needed === null) return `${question(plan)}: more than 10,000 waves of each arm\n`;
  const rows = rowsOf(plan, plan.needed);
  const width = Math.max(...rows.map(([title]) => title.length));
  return [
    question(plan),
    ...rows.map(([title, value]) => `${title.padEnd(width)}  ${value}`),
    `${"run it".padEnd(width)}  ${commandOf(plan, plan.needed.waves)}`,
  ]
    .map((line) => `${line}\n`)
    .join("");
};

export const planOfWavesJson = (plan: PlanOfWaves): string =>
  jsonText(planOfWavesSchema.parse(plan));
