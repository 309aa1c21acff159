/**
 * The grammar of `--expect`:
 *
 *     expectation = metric ("<" | "<=" | ">" | ">=") bound
 *     metric      = "failure_rate" "(" [class ","] arms ")"
 *                 | ("median" | "p1" … "p99") "(" ("burst" | "ok" | "failed") "," arms ")"
 *     bound       = amount | [number "*"] ("baseline" | metric) ["+" amount]
 *     amount      = number ["%"]              for a rate
 *                 | number ("ms" | "s" | "min")  for a time
 *     class       = a failure class, or a family of them: "port.*"
 *     arms        = parts of an arm's id, with "/" between them; "*": every arm
 */
import { CLASSES, isFailureClass } from "../classes.ts";
import { COMPARATORS, TIMES, valueOf } from "./expectation.ts";
import type { Amount, Bound, Comparator, Expectation, Metric, Selector } from "./expectation.ts";
import { Scanner } from "./scanner.ts";

/** The grammar in a few lines, for `--help`. */
export const EXPECTATION_HELP = [
  "METRIC < BOUND (or <=, >, >=), e.g.",
  "failure_rate(noports) < 1%",
  "failure_rate(port.*, ports/n16) < failure_rate(ports-block/n16)",
  "median(burst, ports) < 1.2 * baseline",
  "p95(ok, ports/n16) <= 30s",
].join("\n");

const WORD = /[A-Za-z_][A-Za-z0-9_]*/;
const NUMBER = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/;
const NAME = /[^\s,()]+/;

/** `unknown` is the class of what no signature names. */
const isClass = (name: string): boolean =>
  isFailureClass(name) ||
  name === "unknown" ||
  (name.endsWith(".*") && Object.keys(CLASSES).some((each) => each.startsWith(name.slice(0, -1))));

const toSelector = (text: string, refuse: () => never): Selector => {
  if (text === "*") return [];
  // Behind the lock file's name stands a path, with slashes of its own.
  const parts = text.split(/\/(?=lock-file:)|(?<!lock-file:.*)\//);
  return parts.includes("") || parts.includes("*") ? refuse() : parts;
};

const parseArms = (scanner: Scanner): Selector => {
  const at = scanner.here;
  const refuse = (): never => scanner.refuse("expected arms, like ports/n16, or *", at);
  return toSelector(scanner.take(NAME) ?? refuse(), refuse);
};

const parseFailureRate = (scanner: Scanner): Metric => {
  const at = scanner.here;
  const first = scanner.take(NAME);
  if (first === null) return scanner.refuse("expected arms, like ports/n16, or a failure class");
  const second = scanner.take(/,/);
  if (second === null) {
    const refuse = (): never => scanner.refuse("expected arms, like ports/n16, or *", at);
    return { kind: "failure_rate", class: null, arms: toSelector(first, refuse) };
  }
  if (!isClass(first)) {
    return scanner.refuse("no failure class has this name, and no family like port.*", at);
  }
  return { kind: "failure_rate", class: first, arms: parseArms(scanner) };
};

const WORD_OF_TIME = new RegExp(`(?:${TIMES.join("|")})\\b`);

const parseQuantile = (scanner: Scanner, percent: number): Metric => {
  const word = scanner.take(WORD_OF_TIME);
  const time = TIMES.find((each) => each === word);
  if (time === undefined) return scanner.refuse(`expected one of ${TIMES.join(", ")}`);
  scanner.expect(",");
  return { kind: "quantile", percent, of: time, arms: parseArms(scanner) };
};

const percentOf = (name: string): number | null =>
  name === "median" ? 50 : /^p[1-9]\d?$/.test(name) ? Number(name.slice(1)) : null;

const parseMetric = (scanner: Scanner, why: string): Metric => {
  const at = scanner.here;
  const name = scanner.take(WORD) ?? scanner.refuse(why, at);
  const percent = percentOf(name);
  if (name !== "failure_rate" && percent === null) return scanner.refuse(why, at);
  scanner.expect("(");
  const metric = percent === null ? parseFailureRate(scanner) : parseQuantile(scanner, percent);
  scanner.expect(")");
  return metric;
};

const METRICS = "expected failure_rate(…), median(…) or p1 … p99(…)";

const parseNumber = (scanner: Scanner): number | null => {
  const at = scanner.here;
  const digits = scanner.take(NUMBER);
  if (digits === null) return null;
  const value = Number(digits);
  return Number.isFinite(value) && value > 0
    ? value
    : scanner.refuse("expected a number above 0: no amount of data shows that something is 0", at);
};

const UNITS = ["%", "ms", "s", "min"] as const;

/** The unit behind a number that was read already, and whether the two make sense for this metric. */
const parseAmount = (
  scanner: Scanner,
  { value, metric, at }: { readonly value: number; readonly metric: Metric; readonly at: number },
): Amount => {
  const word = scanner.take(/%|[A-Za-z]+/) ?? "";
  const unit = UNITS.find((each) => each === word) ?? (word === "" ? "" : null);
  const isShare = unit === "" || unit === "%";
  if (unit === null || (metric.kind === "quantile" && isShare)) {
    return metric.kind === "quantile"
      ? scanner.refuse("expected a duration with its unit (ms, s, min)", at)
      : scanner.refuse("expected a rate, like 1%", at);
  }
  if (metric.kind === "quantile") return { value, unit };
  if (!isShare) return scanner.refuse("a rate is not a duration; expected one like 1%", at);
  return valueOf({ value, unit }) < 1
    ? { value, unit }
    : scanner.refuse("expected a rate below 100 %", at);
};

const parseMargin = (scanner: Scanner, metric: Metric): Amount | null => {
  if (scanner.take(/\+/) === null) return null;
  const at = scanner.here;
  const value = parseNumber(scanner) ?? scanner.refuse("expected an amount");
  return parseAmount(scanner, { value, metric, at });
};

const RIGHT_SIDE = "expected an amount, baseline, or a metric";

const parseBound = (scanner: Scanner, metric: Metric): Bound => {
  const at = scanner.here;
  const value = parseNumber(scanner);
  if (value !== null && scanner.take(/\*/) === null) {
    return { kind: "amount", amount: parseAmount(scanner, { value, metric, at }) };
  }
  const factor = value ?? 1;
  const what = scanner.here;
  if (scanner.take(/baseline\b/) !== null) {
    return { kind: "relative", factor, to: null, margin: parseMargin(scanner, metric) };
  }
  const to = parseMetric(scanner, RIGHT_SIDE);
  if (to.kind !== metric.kind) {
    return scanner.refuse("a rate and a duration cannot be compared", what);
  }
  return { kind: "relative", factor, to, margin: parseMargin(scanner, metric) };
};

const parseComparator = (scanner: Scanner): Comparator => {
  const at = scanner.here;
  const word = scanner.take(/[<>=!]+/);
  const comparator = COMPARATORS.find((each) => each === word);
  return comparator ?? scanner.refuse("expected <, <=, > or >=", at);
};

/** @throws StressError("usage") naming the column at which it stops making sense */
export const parseExpectation = (text: string): Expectation => {
  const scanner = new Scanner(text);
  const metric = parseMetric(scanner, METRICS);
  const comparator = parseComparator(scanner);
  const bound = parseBound(scanner, metric);
  if (!scanner.ended) scanner.refuse("expected nothing more");
  return { metric, comparator, bound };
};
