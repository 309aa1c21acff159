/**
 * Is tonight worse than the nights before? Arm by arm, in how often jobs fail and in how long a burst takes.
 */
import { z } from "zod";
import { corrected } from "../comparison/decision.ts";
import { rateDifference, rateDifferenceSchema } from "../comparison/rate-difference.ts";
import { timeDifference, timeDifferenceSchema } from "../comparison/time-difference.ts";
import { rateWords, timeWords } from "../comparison/words.ts";
import type { ArmSamples, WaveSample } from "../wave-sample.ts";

const FINDINGS = ["worse", "not worse", "unknown"] as const;

export const armRegressionSchema = z.object({
  arm: z.string(),
  failures: rateDifferenceSchema,
  burst: timeDifferenceSchema,
  /** `unknown`: too little on one side to show a difference. */
  failuresAre: z.enum(FINDINGS),
  burstIs: z.enum(FINDINGS),
  /** One sentence each. */
  words: z.array(z.string()),
});
export type ArmRegression = z.infer<typeof armRegressionSchema>;

type Finding = (typeof FINDINGS)[number];

/** Nights are compared as wholes: whatever waves ran side by side in one of them, none ran beside another night's. */
const counted = (waves: readonly WaveSample[]) =>
  waves.map(({ failed, jobs }) => ({ block: 1, failed, of: jobs }));

const findingOf = (
  verdict: "differs" | "no difference shown" | "unknown",
  isWorse: boolean,
): Finding =>
  verdict === "unknown" ? "unknown" : verdict === "differs" && isWorse ? "worse" : "not worse";

/**
 * The waves of several nights together, as if they were those of one. A pool of nights bears the scatter between
 * nights, which a single night cannot show, and one odd night is no baseline.
 */
export const pooled = (nights: readonly (readonly ArmSamples[])[]): readonly ArmSamples[] => {
  const arms = new Map<string, ArmSamples>();
  for (const { arm, waves } of nights.flat()) {
    arms.set(arm.id, { arm, waves: [...(arms.get(arm.id)?.waves ?? []), ...waves] });
  }
  return [...arms.values()];
};

/**
 * Only arms that the baseline has. Two-sided tests, corrected for the number of arms: rates and bursts each are a
 * family.
 *
 * @param slower - how many times longer a burst must take to be worse
 */
export const regressions = (
  tonight: readonly ArmSamples[],
  baseline: readonly ArmSamples[],
  { slower }: { readonly slower: number },
): readonly ArmRegression[] => {
  const pairs = tonight.flatMap(({ arm, waves }) => {
    const before = baseline.find((each) => each.arm.id === arm.id);
    return before === undefined ? [] : [{ arm: arm.id, now: waves, before: before.waves }];
  });
  const rates = corrected(
    pairs.map(({ now, before }) =>
      rateDifference({ arm: counted(now), baseline: counted(before) }),
    ),
  );
  const bursts = corrected(
    pairs.map(({ now, before }) =>
      timeDifference({
        arm: now.map(({ burst }) => burst),
        baseline: before.map(({ burst }) => burst),
      }),
    ),
  );
  return pairs.flatMap(({ arm }, index): readonly ArmRegression[] => {
    const [failures, burst] = [rates[index], bursts[index]];
    if (failures === undefined || burst === undefined) return [];
    const moreFailures = (failures.arm.rate?.value ?? 0) > (failures.baseline.rate?.value ?? 0);
    const fewerFailures = (failures.arm.rate?.value ?? 0) < (failures.baseline.rate?.value ?? 0);
    const longer = (burst.arm.median ?? 0) >= slower * (burst.baseline.median ?? Infinity);
    return [
      {
        ...{ arm, failures, burst },
        failuresAre: findingOf(failures.verdict, moreFailures),
        burstIs: findingOf(
          burst.verdict,
          // Failed jobs end early: where fewer fail, a burst takes longer and nothing is slower.
          longer && !fewerFailures && (burst.shift?.value ?? 0) > 0,
        ),
        words: [rateWords(failures), timeWords("burst", burst)],
      },
    ];
  });
};

/** What is worse in both: the same arm, in the same thing. */
export const confirmed = (
  suspected: readonly ArmRegression[],
  again: readonly ArmRegression[],
): readonly string[] =>
  suspected.flatMap(({ arm, failuresAre, burstIs }) => {
    const second = again.find((each) => each.arm === arm);
    const both = (first: Finding, other: Finding | undefined): boolean =>
      first === "worse" && other === "worse";
    return both(failuresAre, second?.failuresAre) || both(burstIs, second?.burstIs) ? [arm] : [];
  });

export const isWorse = ({ failuresAre, burstIs }: ArmRegression): boolean =>
  failuresAre === "worse" || burstIs === "worse";

/** Nothing could be told of how often its jobs fail. */
export const isUntold = ({ failuresAre }: ArmRegression): boolean => failuresAre === "unknown";
