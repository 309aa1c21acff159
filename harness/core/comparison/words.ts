/**
 * Comparisons in sentences that are true: what is shown, what is not, and what it would take.
 */
import {
  chanceRelation,
  formatChance,
  formatFineShare,
  formatMillis,
  count,
  millis,
} from "../units.ts";
import { LEVEL, type Decision } from "./decision.ts";
import { FEWEST_WAVES, type RateDifference } from "./rate-difference.ts";
import type { TimeDifference } from "./time-difference.ts";

/** `p = 0.0042`, and what is left of it where many were asked about. */
const chance = (word: string, p: number): string => `${word} ${chanceRelation(p)}`;

const decision = ({ p, adjustedP }: Decision): string => {
  if (p === null) return "";
  const correction =
    adjustedP === null || adjustedP === p
      ? ""
      : `, ${formatChance(adjustedP)} after Holm's correction`;
  return `${chance("p", p)}${correction}`;
};

type Counted = NonNullable<RateDifference["arm"]["rate"]>;

const ofText = ({ failed, of }: Counted): string => `${String(failed)} of ${String(of)}`;

const detect = (arm: Counted, baseline: Counted): string => {
  const share = (value: number): string => `${String(Number((value * 100).toPrecision(3)))}%`;
  return `stress plan --detect ${share(arm.value)}:${share(baseline.value)}`;
};

/** Nothing where as many waves were run: they could have told, and did not. */
const power = (found: RateDifference, arm: Counted, baseline: Counted): string =>
  found.wavesToTell === null || found.wavesToTell <= Math.min(found.arm.waves, found.baseline.waves)
    ? ""
    : `; were these the true rates, telling them apart with 80 % power would take about ` +
      `${count(found.wavesToTell, "wave")} of each (${detect(arm, baseline)})`;

const dependence = ({ designEffect }: RateDifference): string =>
  designEffect === null || designEffect < 1.5
    ? ""
    : `; waves vary ${designEffect.toFixed(1)} times as much as independent jobs would`;

interface Waves {
  readonly waves: number;
}

const wavesText = ({ arm, baseline }: Record<"arm" | "baseline", Waves>): string =>
  arm.waves === baseline.waves
    ? `${count(arm.waves, "wave")} each`
    : `${String(arm.waves)} and ${count(baseline.waves, "wave")}`;

const bothClean = (found: RateDifference, arm: Counted, baseline: Counted): string => {
  const counts = `${ofText(arm)} against ${ofText(baseline)} failed`;
  if (found.difference === null) return `${counts}, in ${wavesText(found)}: too little to say more`;
  const reach = Math.max(Math.abs(found.difference.low), Math.abs(found.difference.high));
  return `${counts}: the rates may still be ${formatFineShare(reach)} apart`;
};

const amongMany = (found: Decision, waves: string): string =>
  `${decision(found)}: among so many questions ${waves} cannot show a difference`;

const noProof = (found: RateDifference): string => {
  const few = Math.min(found.arm.waves, found.baseline.waves) < FEWEST_WAVES;
  const lack = few
    ? `${wavesText(found)}, and it takes ${String(FEWEST_WAVES)} to know how much waves differ`
    : "too few jobs";
  return found.exactP < LEVEL
    ? `is no proof (${lack})`
    : `proves nothing (${chance("p", found.exactP)}; ${lack})`;
};

/** How often the arm failed, against its baseline; the same words for a class of failures. */
export const rateWords = (found: RateDifference): string => {
  const arm = found.arm.rate;
  const baseline = found.baseline.rate;
  if (arm === null || baseline === null) {
    return "no wave finished of one of them: nothing can be said";
  }
  if (arm.failed === 0 && baseline.failed === 0) return bothClean(found, arm, baseline);
  const rates = `${formatFineShare(arm.value)} against ${formatFineShare(baseline.value)}`;
  const counts = `${ofText(arm)} against ${ofText(baseline)}`;
  switch (found.verdict) {
    case "differs": {
      const direction = arm.value < baseline.value ? "fails less often" : "fails more often";
      return `${direction}: ${rates}, ${counts} in ${wavesText(found)} (${decision(found)})${dependence(found)}`;
    }
    case "no difference shown":
      return (
        `no difference shown: ${rates}, ${counts} in ${wavesText(found)} (${decision(found)})` +
        `${dependence(found)}${power(found, arm, baseline)}`
      );
    case "unknown":
      if (found.p !== null) return `${rates}, ${counts}, ${amongMany(found, wavesText(found))}`;
      return `${rates}: ${counts} ${noProof(found)}${power(found, arm, baseline)}`;
  }
};

const durationText = (value: number): string => formatMillis(millis(value));

const shiftText = ({ shift }: TimeDifference): string => {
  if (shift === null) return "";
  const { value, interval } = shift;
  if (interval !== null && Math.round(value * 10) === 0) {
    return `equally fast (95 %: ${durationText(interval.low)} to ${durationText(interval.high)})`;
  }
  const size = durationText(Math.abs(value));
  const direction = value < 0 ? "faster" : "slower";
  if (interval === null) return `${size} ${direction}`;
  // The ends in the direction of the value, the smaller first.
  const ends = value < 0 ? [-interval.high, -interval.low] : [interval.low, interval.high];
  return `${size} ${direction} (95 %: ${ends.map(durationText).join(" to ")})`;
};

/** @param what - e.g. `burst` */
export const timeWords = (what: string, found: TimeDifference): string => {
  const { arm, baseline } = found;
  if (arm.median === null || baseline.median === null) {
    return `${what}: no wave of one of them has any`;
  }
  const medians = `${what} ${durationText(arm.median)} against ${durationText(baseline.median)}`;
  switch (found.verdict) {
    case "differs":
      return `${medians}: ${shiftText(found)}, ${decision(found)}`;
    case "no difference shown":
      return `${medians}: no difference shown, ${shiftText(found)}, ${decision(found)}`;
    case "unknown":
      if (found.p !== null) {
        return `${medians}: ${shiftText(found)}, ${amongMany(found, wavesText(found))}`;
      }
      return `${medians}: ${wavesText(found)} cannot show a difference of times, 4 can`;
  }
};
