/**
 * Looking at a run block by block, and stopping as soon as it has its answer: `--until verdict`.
 */
import { armPairs } from "../comparison/arm-pairs.ts";
import { corrected } from "../comparison/decision.ts";
import { rateDifference, type BlockedWave } from "../comparison/rate-difference.ts";
import { rateWords } from "../comparison/words.ts";
import type { Arm } from "../model.ts";
import type { ArmSamples } from "../wave-sample.ts";
import { count } from "../units.ts";
import { nominalLevels, spentBy } from "./alpha-spending.ts";
import { evaluate, type Evidence } from "./evaluate.ts";
import { formatExpectation, type Expectation } from "./expectation.ts";
import { shareText } from "./finding.ts";
import type { Interim, InterimFinding } from "./interim.ts";
import type { ExpectationVerdict } from "./verdict.ts";

/** The error that all looks together may make. */
const ALPHA = 0.05;

/** More looks gain little, and each costs an integral. */
const MOST_LOOKS = 25;

interface Look {
  /** After this block. */
  readonly block: number;
  /** Of the planned blocks. */
  readonly fraction: number;
  /** One-sided p at which an expectation is decided here; 0 where it is too early for any data. */
  readonly oneSided: number;
  /** Two-sided p at which arms are told apart here. */
  readonly twoSided: number;
}

export interface LookSchedule {
  readonly blocksPlanned: number;
  readonly looks: readonly Look[];
}

/**
 * When to look, and how sure each look has to be; worked out once, before the run. Looks are after every block, or after
 * every so many where there are more than 25.
 */
export const lookSchedule = (blocksPlanned: number): LookSchedule => {
  const amount = Math.min(blocksPlanned, MOST_LOOKS);
  const blocks = Array.from({ length: amount }, (_, index) =>
    Math.ceil(((index + 1) * blocksPlanned) / amount),
  );
  const fractions = blocks.map((block) => block / blocksPlanned);
  const oneSided = nominalLevels(fractions, ALPHA);
  const twoSided = nominalLevels(fractions, ALPHA / 2);
  return {
    blocksPlanned,
    looks: blocks.map((block, index) => ({
      block,
      fraction: block / blocksPlanned,
      oneSided: oneSided[index] ?? 0,
      twoSided: 2 * (twoSided[index] ?? 0),
    })),
  };
};

export interface LookAt extends Evidence {
  readonly schedule: LookSchedule;
  /** Blocks that are over; waves of later ones are not looked at. */
  readonly block: number;
  /** Empty: are arms that are compared told apart by their failure rates? */
  readonly expectations: readonly Expectation[];
  /** The look before this one; null for the first. */
  readonly before: Interim | null;
}

const upTo = (samples: readonly ArmSamples[], block: number): readonly ArmSamples[] =>
  samples.map(({ arm, waves }) => ({ arm, waves: waves.filter((wave) => wave.block <= block) }));

type Finding = Pick<InterimFinding, "about" | "verdict" | "words">;

const TOO_EARLY = { verdict: "unknown", words: "too early for any data to decide" } as const;

/** Not asked where no data could decide. */
const ofExpectations = (
  { expectations, baseline, samples }: LookAt,
  alpha: number,
): readonly Finding[] =>
  expectations.map((expectation) => {
    const about = formatExpectation(expectation);
    if (alpha === 0) return { about, ...TOO_EARLY };
    const { verdict, words } = evaluate(expectation, { samples, baseline, level: 1 - alpha });
    return { about, verdict, words };
  });

const countedOf = (samples: readonly ArmSamples[], arm: Arm): readonly BlockedWave[] =>
  samples
    .filter((each) => each.arm.id === arm.id)
    .flatMap(({ waves }) => waves.map(({ block, failed, jobs }) => ({ block, failed, of: jobs })));

/** Corrected for their number, at every look. */
const ofArms = ({ samples }: LookAt, alpha: number): readonly Finding[] => {
  const pairs = armPairs(
    samples.map(({ arm }) => arm),
    null,
  );
  const abouts = pairs.map(({ arm, baseline }) => `${arm.id} against ${baseline.id}`);
  if (alpha === 0) return abouts.map((about) => ({ about, ...TOO_EARLY }));
  const differences = corrected(
    pairs.map((pair) =>
      rateDifference({
        arm: countedOf(samples, pair.arm),
        baseline: countedOf(samples, pair.baseline),
      }),
    ),
  );
  return differences.map((found, index) => ({
    about: abouts[index] ?? "",
    verdict: found.adjustedP !== null && found.adjustedP < alpha ? "differs" : "unknown",
    words: rateWords(found),
  }));
};

const wordsOf = (
  look: Omit<Interim, "words" | "findings">,
  findings: readonly InterimFinding[],
) => {
  const decided = findings.filter(({ decidedAfter }) => decidedAfter !== null).length;
  const what =
    findings.length === 0
      ? "nothing to decide"
      : `${String(decided)} of ${count(findings.length, "question")} decided`;
  return `after block ${String(look.block)} of ${String(look.blocksPlanned)}: ${what}, ${shareText(look.spent)} of ${shareText(ALPHA)} error spent`;
};

/**
 * Looks at the waves so far, as sure as this look has to be.
 *
 * @returns null where no look is planned after this block
 */
export const interimLook = (at: LookAt): Interim | null => {
  const { schedule, block, before, expectations } = at;
  const look = schedule.looks.find((each) => each.block === block);
  if (look === undefined) return null;
  const seen = { ...at, samples: upTo(at.samples, block) };
  const aboutArms = expectations.length === 0;
  const level = aboutArms ? look.twoSided : look.oneSided;
  const now = aboutArms ? ofArms(seen, level) : ofExpectations(seen, level);
  const findings = now.map((finding): InterimFinding => {
    const earlier = before?.findings.find(({ about }) => about === finding.about);
    if (earlier !== undefined && earlier.decidedAfter !== null) return earlier;
    return { ...finding, decidedAfter: finding.verdict === "unknown" ? null : block };
  });
  const found = {
    block,
    blocksPlanned: schedule.blocksPlanned,
    spent: aboutArms ? 2 * spentBy(look.fraction, ALPHA / 2) : spentBy(look.fraction, ALPHA),
    level,
    decided: findings.length > 0 && findings.every(({ decidedAfter }) => decidedAfter !== null),
  };
  return { ...found, findings, words: wordsOf(found, findings) };
};

/**
 * An expectation as a run shows it that was looked at on the way: what the looks decided, which is as sure as one look at
 * the end would be. To ask once more at the end would be a look too many.
 *
 * @param last - the last look; null where there was none, and the run is judged as a whole
 */
export const evaluateAfter = (
  last: Interim | null,
  expectation: Expectation,
  evidence: Evidence,
): ExpectationVerdict => {
  const about = formatExpectation(expectation);
  const finding = last?.findings.find((each) => each.about === about);
  if (finding === undefined || finding.verdict === "differs") {
    return evaluate(expectation, evidence);
  }
  const { verdict, words, decidedAfter } = finding;
  const when = decidedAfter === null ? "" : ` (decided after block ${String(decidedAfter)})`;
  const confidence = 1 - ALPHA;
  return { expectation: about, verdict, confidence, arms: [], words: `${words}${when}` };
};
