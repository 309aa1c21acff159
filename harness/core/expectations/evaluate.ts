/**
 * What the waves of a run say of an expectation.
 */
import { unreachable } from "../errors.ts";
import type { Arm } from "../model.ts";
import type { ArmSamples, WaveSample } from "../wave-sample.ts";
import { valueOf, formatExpectation } from "./expectation.ts";
import type { Bound, Expectation, Metric } from "./expectation.ts";
import type { Alphas, Finding } from "./finding.ts";
import { failureShare, rateAgainst, rateAgainstRate } from "./rates.ts";
import { selected, type Pair } from "./selection.ts";
import { durationsOf, timeAgainst, timeAgainstTime } from "./times.ts";
import { verdictOfExpectations, type ArmFinding, type ExpectationVerdict } from "./verdict.ts";

export interface Evidence {
  readonly samples: readonly ArmSamples[];
  /** Of the baseline run; null where there is none. */
  readonly baseline: readonly ArmSamples[] | null;
}

const CONFIDENCE = 0.95;

const unknown = (words: string): Finding => ({ side: null, words });

const wavesOf = (samples: readonly ArmSamples[], arm: Arm): readonly WaveSample[] =>
  samples.find((each) => each.arm.id === arm.id)?.waves ?? [];

/** One arm with what it is held against: an amount, or waves. */
interface Question {
  readonly metric: Metric;
  readonly waves: readonly WaveSample[];
  readonly right:
    | { readonly kind: "amount"; readonly value: number }
    | {
        readonly kind: "waves";
        readonly metric: Metric;
        readonly waves: readonly WaveSample[];
        readonly name: string;
        readonly factor: number;
        readonly margin: number;
      };
}

const answer = ({ metric, waves, right }: Question, alphas: Alphas): Finding => {
  switch (metric.kind) {
    case "failure_rate": {
      const share = failureShare(waves, metric.class);
      if (share === null) return unknown("no wave has finished");
      if (right.kind === "amount") return rateAgainst(share, right.value, alphas);
      const name = right.metric.kind === "failure_rate" ? right.metric.class : null;
      const other = failureShare(right.waves, name);
      if (other === null) return unknown(`no wave of ${right.name} has finished`);
      return rateAgainstRate(share, { ...right, share: other }, alphas);
    }
    case "quantile": {
      const { of, percent } = metric;
      const durations = durationsOf(waves, of);
      if (durations === null) return unknown("nothing was measured");
      if (right.kind === "amount") {
        return timeAgainst(durations, { percent, of, limit: right.value }, alphas);
      }
      const asked = right.metric.kind === "quantile" ? right.metric : metric;
      const other = durationsOf(right.waves, asked.of);
      if (other === null) return unknown(`nothing was measured in ${right.name}`);
      const { name, factor, margin } = right;
      return timeAgainstTime(
        { durations, of, percent },
        { durations: other, of: asked.of, percent: asked.percent, name, factor, margin },
        alphas,
      );
    }
    default:
      return unreachable(metric);
  }
};

const findingOf = (
  { arm, other }: Pair,
  { metric, bound }: { readonly metric: Metric; readonly bound: Bound },
  { evidence, alphas }: { readonly evidence: Evidence; readonly alphas: Alphas },
): Finding => {
  const waves = wavesOf(evidence.samples, arm);
  if (bound.kind === "amount") {
    const right = { kind: "amount" as const, value: valueOf(bound.amount) };
    return answer({ metric, waves, right }, alphas);
  }
  const margin = bound.margin === null ? 0 : valueOf(bound.margin);
  const against = (name: string, metricOfOther: Metric, others: readonly WaveSample[]): Finding => {
    const { factor } = bound;
    const right = {
      kind: "waves" as const,
      metric: metricOfOther,
      waves: others,
      name,
      factor,
      margin,
    };
    return answer({ metric, waves, right }, alphas);
  };
  if (bound.to === null) {
    if (evidence.baseline === null) return unknown("there is no baseline");
    const there = evidence.baseline.find((each) => each.arm.id === arm.id);
    return there === undefined
      ? unknown("the baseline has no such arm")
      : against("the baseline", metric, there.waves);
  }
  return other === null
    ? unknown("nothing to hold it against")
    : against(other.id, bound.to, wavesOf(evidence.samples, other));
};

const VERDICT_WORDS: Readonly<Record<ExpectationVerdict["verdict"], string>> = {
  holds: "all hold it",
  violated: "violated",
  unknown: "too little data",
};

/** The words of the arm that decides; of all arms together where there are several. */
const wordsOf = (findings: readonly ArmFinding[], verdict: ArmFinding["verdict"]): string => {
  const telling = findings.filter((each) => each.verdict === verdict);
  const [first] = telling;
  if (first === undefined) return "no arm of the run is meant";
  const one = `${first.arm}: ${first.words}`;
  return telling.length === 1 || findings.length === 1
    ? one
    : `${one} (${String(telling.length)} of ${String(findings.length)} arms: ${VERDICT_WORDS[verdict]})`;
};

/**
 * Every arm that an expectation is about must hold it. So `holds` needs no correction for their number: all must be shown.
 * `violated` takes one, and is asked of each at its share of the error, after Bonferroni.
 *
 * @param level - how sure, a fraction of 1; 0.95 unless told otherwise
 */
export const evaluate = (
  expectation: Expectation,
  { samples, baseline, level = CONFIDENCE }: Evidence & { readonly level?: number },
): ExpectationVerdict => {
  const { comparator } = expectation;
  const pairs = selected(
    expectation,
    samples.map(({ arm }) => arm),
  );
  const alpha = 1 - level;
  const wantsBelow = comparator === "<" || comparator === "<=";
  const refute = alpha / Math.max(1, pairs.length);
  const alphas = wantsBelow ? { below: alpha, above: refute } : { below: refute, above: alpha };
  const wanted = wantsBelow ? "below" : "above";
  const arms = pairs.map((pair): ArmFinding => {
    const { side, words } = findingOf(pair, expectation, {
      evidence: { samples, baseline },
      alphas,
    });
    const verdict = side === null ? "unknown" : side === wanted ? "holds" : "violated";
    return { arm: pair.arm.id, verdict, words };
  });
  const verdict = verdictOfExpectations(arms);
  return {
    expectation: formatExpectation(expectation),
    verdict,
    confidence: level,
    arms,
    words: wordsOf(arms, verdict),
  };
};
