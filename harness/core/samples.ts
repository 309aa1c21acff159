/**
 * From a run's history to what the statistics count.
 */
import type { RunHistory } from "./history.ts";
import { burstOf, judgeArm, type JudgedWave } from "./judged-wave.ts";
import { measuredRun } from "./measured-waves.ts";
import type { ArmSamples, WaveSample } from "./wave-sample.ts";

const sampleOf = ({ wave, outcomes, finished }: JudgedWave): readonly WaveSample[] => {
  const burst = burstOf(wave);
  const { gateAt } = wave;
  if (!finished || burst === null || gateAt === null) return [];
  const classes: Record<string, number> = {};
  const times: Record<"ok" | "failed", number[]> = { ok: [], failed: [] };
  for (const [index, { outcome }] of outcomes.entries()) {
    if (outcome.status === "unfinished") continue;
    const ends = wave.jobs[index]?.burst.map(({ answeredAt }) => answeredAt - gateAt) ?? [];
    times[outcome.status].push(ends.reduce((a, b) => Math.max(a, b), 0));
    if (outcome.status !== "failed") continue;
    const name = outcome.failure.class;
    classes[name] = (classes[name] ?? 0) + 1;
  }
  return [
    {
      wave: wave.started.wave,
      block: wave.started.block,
      jobs: outcomes.length,
      failed: times.failed.length,
      classes,
      burst,
      okTimes: times.ok,
      failTimes: times.failed,
    },
  ];
};

/** Every arm of a run, with its waves. */
export const samplesOf = (run: RunHistory): readonly ArmSamples[] => {
  const measured = measuredRun(run);
  return run.started.arms.map((arm) => ({
    arm,
    waves: judgeArm(measured, arm.id).flatMap(sampleOf),
  }));
};
