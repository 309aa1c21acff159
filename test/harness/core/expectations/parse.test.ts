import fc from "fast-check";
import { expect, test } from "vitest";
import { StressError } from "../../../../harness/core/errors.ts";
import {
  COMPARATORS,
  formatExpectation,
  needsBaseline,
  TIMES,
  valueOf,
  type Amount,
  type Bound,
  type Expectation,
  type Metric,
} from "../../../../harness/core/expectations/expectation.ts";
import { parseExpectation } from "../../../../harness/core/expectations/parse.ts";

test.each([
  "failure_rate(noports) < 1%",
  "failure_rate(port.*, ports/n16) < failure_rate(ports-block/n16)",
  "failure_rate(port.rootlesskit_addport_in_use, *) <= 0.5%",
  "failure_rate(ports) < baseline + 2%",
  "failure_rate(unknown, ports) < 0.01",
  "median(burst, ports) < 1.2 * baseline",
  "p95(ok, wide-pools/ports/n16/retry:3) <= 30s",
  "p99(failed, ports) > 500ms",
  "median(burst, noports) < 0.5 * median(burst, ports) + 2s",
  "median(ok, ports/lock-file:/run/x.lock) >= 1.5min",
])("%s is read and written back as it was", (text) => {
  expect(formatExpectation(parseExpectation(text))).toBe(text);
});

test("white space does not matter, and p50 is the median", () => {
  expect(formatExpectation(parseExpectation(" p50( burst ,ports )<1.2*baseline+500 ms "))).toBe(
    "median(burst, ports) < 1.2 * baseline + 500ms",
  );
});

test("the path of a lock file is one part of an arm", () => {
  expect(parseExpectation("failure_rate(ports/lock-file:/run/a.lock) < 1%").metric.arms).toEqual([
    "ports",
    "lock-file:/run/a.lock",
  ]);
});

test.each([
  ["", "expected failure_rate(…), median(…) or p1 … p99(…), at column 1: the end"],
  ["failure_rate", "expected (, at column 13: the end"],
  [
    "failure_rate() < 1%",
    'expected arms, like ports/n16, or a failure class, at column 14: ") < 1%"',
  ],
  ["failure_rate(a//b) < 1%", "expected arms, like ports/n16, or *, at column 14"],
  [
    "failure_rate(port.nothing, ports) < 1%",
    "no failure class has this name, and no family like port.*, at column 14",
  ],
  ["failure_rate(noports) << 1%", 'expected <, <=, > or >=, at column 23: "<< 1%"'],
  ["failure_rate(noports) == 1%", "expected <, <=, > or >=, at column 23"],
  ["failure_rate(noports) < 20s", "a rate is not a duration; expected one like 1%, at column 25"],
  ["failure_rate(noports) < 100%", "expected a rate below 100 %, at column 25"],
  ["failure_rate(noports) <= 0%", "no amount of data shows that something is 0, at column 26"],
  ["failure_rate(noports) < 1 percent", 'expected a rate, like 1%, at column 25: "1 percent"'],
  ["median(burst, ports) < 20", "expected a duration with its unit (ms, s, min), at column 24"],
  ["median(burst, ports) < 20%", "expected a duration with its unit (ms, s, min), at column 24"],
  ["median(bursts, ports) < 20s", "expected one of burst, ok, failed, at column 8"],
  ["median(burst) < 20s", 'expected ,, at column 13: ") < 20s"'],
  ["p100(burst, ports) < 20s", "expected failure_rate(…), median(…) or p1 … p99(…), at column 1"],
  [
    "p95(burst, ports) < 1.2 * base",
    'expected an amount, baseline, or a metric, at column 27: "base"',
  ],
  [
    "p95(burst, ports) < 2 * failure_rate(ports)",
    "a rate and a duration cannot be compared, at column 25",
  ],
  ["p95(burst, ports) < 20s please", 'expected nothing more, at column 25: "please"'],
])("%s is refused where it stops making sense", (text, words) => {
  const read = (): unknown => parseExpectation(text);
  expect(read).toThrow(StressError);
  expect(read).toThrow(words);
  expect(read).toThrow(/^--expect "/);
});

test("a percentage is what was written, divided once", () => {
  expect(valueOf({ value: 7, unit: "%" })).toBe(0.07);
  expect(valueOf({ value: 1.5, unit: "min" })).toBe(90_000);
});

test("only what names a baseline needs one", () => {
  expect(needsBaseline(parseExpectation("median(burst, ports) < 1.2 * baseline"))).toBe(true);
  expect(needsBaseline(parseExpectation("median(burst, ports) < 20s"))).toBe(false);
  expect(needsBaseline(parseExpectation("failure_rate(a) < failure_rate(b)"))).toBe(false);
});

const part = fc.stringMatching(/^[a-z0-9][a-z0-9.:-]{0,8}$/);
const arms = fc.array(part, { maxLength: 3 });
const number = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const share = fc.oneof(
  fc.record({
    value: fc.double({ min: 1e-6, max: 99, noNaN: true }),
    unit: fc.constant("%" as const),
  }),
  fc.record({
    value: fc.double({ min: 1e-6, max: 0.99, noNaN: true }),
    unit: fc.constant("" as const),
  }),
);
const duration = fc.record({ value: number, unit: fc.constantFrom("ms", "s", "min") });
const rateMetric = fc.record({
  kind: fc.constant("failure_rate" as const),
  class: fc.constantFrom(null, "unknown", "port.*", "network.subnet_exhausted"),
  arms,
});
const timeMetric = fc.record({
  kind: fc.constant("quantile" as const),
  percent: fc.integer({ min: 1, max: 99 }),
  of: fc.constantFrom(...TIMES),
  arms,
});
const boundOf = (metric: fc.Arbitrary<Metric>, amount: fc.Arbitrary<Amount>): fc.Arbitrary<Bound> =>
  fc.oneof(
    fc.record({ kind: fc.constant("amount" as const), amount }),
    fc.record({
      kind: fc.constant("relative" as const),
      factor: number,
      to: fc.option(metric),
      margin: fc.option(amount),
    }),
  );
const expectationOf = (
  metric: fc.Arbitrary<Metric>,
  amount: fc.Arbitrary<Amount>,
): fc.Arbitrary<Expectation> =>
  fc.record({
    metric,
    comparator: fc.constantFrom(...COMPARATORS),
    bound: boundOf(metric, amount),
  });

test("what is written is read back, whatever it is", () => {
  const any = fc.oneof(expectationOf(rateMetric, share), expectationOf(timeMetric, duration));
  fc.assert(
    fc.property(any, (expectation) => {
      expect(parseExpectation(formatExpectation(expectation))).toEqual(expectation);
    }),
  );
});

test("no text does anything but be read or be refused", () => {
  const words = fc.constantFrom(
    ...["failure_rate", "median", "p95", "(", ")", ",", "<", "1", "%", "s", "*", "+", "baseline"],
    ..."ports burst ok 1e999 /".split(" "),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
      try {
        parseExpectation(parts.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(StressError);
      }
    }),
  );
});
