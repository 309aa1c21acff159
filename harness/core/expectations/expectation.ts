/**
 * What a run is expected to show, as data: `failure_rate(noports) < 1%`, and its text.
 */
import { unreachable } from "../errors.ts";

/** Which durations: of a wave's burst, from the gate to the end of a job that was OK, or of one that failed. */
export const TIMES = ["burst", "ok", "failed"] as const;
export type Time = (typeof TIMES)[number];

/** Parts that an arm must have, all of them: `ports/n16`. None: every arm. */
export type Selector = readonly string[];

export type Metric =
  | {
      readonly kind: "failure_rate";
      /** A class, or a family of them (`port.*`); null: every failure counts. */
      readonly class: string | null;
      readonly arms: Selector;
    }
  | {
      readonly kind: "quantile";
      /** 1 … 99; 50 is the median. */
      readonly percent: number;
      readonly of: Time;
      readonly arms: Selector;
    };

export const COMPARATORS = ["<=", ">=", "<", ">"] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** As it was written, so that its text is the same again. An empty unit: a fraction of 1. */
export interface Amount {
  readonly value: number;
  readonly unit: "" | "%" | "ms" | "s" | "min";
}

export type Bound =
  | { readonly kind: "amount"; readonly amount: Amount }
  /** `factor × what + margin`; null: the same metric of the baseline. */
  | {
      readonly kind: "relative";
      readonly factor: number;
      readonly to: Metric | null;
      readonly margin: Amount | null;
    };

export interface Expectation {
  readonly metric: Metric;
  readonly comparator: Comparator;
  readonly bound: Bound;
}

const PER_UNIT: Readonly<Record<Amount["unit"], number>> = {
  "": 1,
  "%": 0.01,
  ms: 1,
  s: 1000,
  min: 60_000,
};

/** A fraction of 1, or milliseconds. */
export const valueOf = ({ value, unit }: Amount): number =>
  // 7 × 0.01 is a little more than 7 ÷ 100.
  unit === "%" ? value / 100 : value * PER_UNIT[unit];

const formatSelector = (arms: Selector): string => (arms.length === 0 ? "*" : arms.join("/"));

const formatMetric = (metric: Metric): string => {
  switch (metric.kind) {
    case "failure_rate": {
      const name = metric.class === null ? "" : `${metric.class}, `;
      return `failure_rate(${name}${formatSelector(metric.arms)})`;
    }
    case "quantile": {
      const name = metric.percent === 50 ? "median" : `p${String(metric.percent)}`;
      return `${name}(${metric.of}, ${formatSelector(metric.arms)})`;
    }
    default:
      return unreachable(metric);
  }
};

const formatAmount = ({ value, unit }: Amount): string => `${String(value)}${unit}`;

const formatBound = (bound: Bound): string => {
  if (bound.kind === "amount") return formatAmount(bound.amount);
  const what = bound.to === null ? "baseline" : formatMetric(bound.to);
  const times = bound.factor === 1 ? what : `${String(bound.factor)} * ${what}`;
  return bound.margin === null ? times : `${times} + ${formatAmount(bound.margin)}`;
};

/** What `parseExpectation` reads back. */
export const formatExpectation = ({ metric, comparator, bound }: Expectation): string =>
  `${formatMetric(metric)} ${comparator} ${formatBound(bound)}`;

/** Whether it is about another run too. */
export const needsBaseline = ({ bound }: Expectation): boolean =>
  bound.kind === "relative" && bound.to === null;
