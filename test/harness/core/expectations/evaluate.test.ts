import { expect, test } from "vitest";
import { evaluate } from "../../../../harness/core/expectations/evaluate.ts";
import { parseExpectation } from "../../../../harness/core/expectations/parse.ts";
import {
  expectationVerdictSchema,
  verdictOfExpectations,
} from "../../../../harness/core/expectations/verdict.ts";
import { seeded } from "../../../../harness/core/random.ts";
import type { ArmSamples, WaveSample } from "../../../../harness/core/wave-sample.ts";
import { armOf, drawn, failing, lasting, samplesOf } from "./waves.ts";

const ports = (waves: readonly Partial<WaveSample>[]): ArmSamples =>
  samplesOf(armOf("ports"), waves);
const noports = (waves: readonly Partial<WaveSample>[]): ArmSamples =>
  samplesOf(armOf("noports"), waves);

const judged = (
  text: string,
  samples: readonly ArmSamples[],
  baseline: readonly ArmSamples[] | null = null,
) => evaluate(parseExpectation(text), { samples, baseline });

const repeated = <Item>(item: Item, times: number): readonly Item[] =>
  Array.from({ length: times }, () => item);

test("less than 1 % takes 299 clean jobs, and 48 say how many are missing", () => {
  const clean = (jobs: number) => [samplesOf(armOf("noports", jobs), failing(0))];
  expect(judged("failure_rate(noports) < 1%", clean(299))).toMatchObject({
    verdict: "holds",
    words:
      "noports/n299: 0 of 299 jobs failed: at most 0.997 %, with 95 % confidence; without a failure, jobs count as independent",
  });
  expect(judged("failure_rate(noports) < 1%", clean(298)).verdict).toBe("unknown");
  expect(judged("failure_rate(noports) < 1%", [noports(failing(0, 0, 0))]).words).toBe(
    "noports/n16: 0 of 48 jobs failed, which allows 0 % to 6.05 %; about 251 more clean jobs (16 waves) would show that it is below; without a failure, jobs count as independent",
  );
});

test("a rate that is surely above is violated, and for > it is the other way round", () => {
  const samples = [ports(failing(4, 5, 3, 4))];
  expect(judged("failure_rate(ports) < 1%", samples).verdict).toBe("violated");
  expect(judged("failure_rate(ports) > 1%", samples).verdict).toBe("holds");
  expect(judged("failure_rate(ports) < 25%", samples).verdict).toBe("unknown");
  expect(judged("failure_rate(ports) < 90%", samples).verdict).toBe("holds");
});

test("waves that fail as a whole count for less than jobs that fail for themselves", () => {
  const spread = judged("failure_rate(ports) < 40%", [ports(failing(...repeated(4, 6)))]);
  const whole = judged("failure_rate(ports) < 40%", [ports(failing(16, 0, 0, 8, 0, 0))]);
  expect(spread.verdict).toBe("holds");
  expect(whole.verdict).toBe("unknown");
  expect(whole.words).toContain("design effect 15");
});

test("one wave with failures is one trial", () => {
  const { verdict, words } = judged("failure_rate(ports) < 20%", [ports(failing(8))]);
  expect(verdict).toBe("unknown");
  expect(words).toContain("one wave, which counts as one trial");
});

test("only failures of the class count, and a family counts together", () => {
  const classes = { "port.already_allocated": 3, "network.subnet_exhausted": 5 };
  const samples = [ports(repeated({ failed: 8, classes }, 6))];
  expect(judged("failure_rate(port.*, ports) < 5%", samples).words).toContain("18 of 96 jobs");
  expect(judged("failure_rate(network.subnet_exhausted, ports) > 5%", samples).words).toContain(
    "30 of 96 jobs",
  );
  expect(judged("failure_rate(unknown, ports) < 5%", samples)).toMatchObject({
    verdict: "holds",
    arms: [{ words: expect.stringContaining("0 of 96 jobs failed") as string }],
  });
});

test("without data, without such an arm and without a baseline it is unknown, never a pass", () => {
  expect(judged("failure_rate(ports) < 99%", [ports([])])).toMatchObject({
    verdict: "unknown",
    words: "ports/n16: no wave has finished",
  });
  expect(judged("failure_rate(nothing) < 99%", [ports(failing(0))])).toMatchObject({
    verdict: "unknown",
    words: "no arm of the run is meant",
  });
  const relative = "median(burst, ports) < 1.2 * baseline";
  expect(judged(relative, [ports(failing(0))]).words).toBe("ports/n16: there is no baseline");
  expect(judged(relative, [ports(failing(0))], [noports(failing(0))]).words).toBe(
    "ports/n16: the baseline has no such arm",
  );
  expect(judged("p95(failed, ports) < 1min", [ports(failing(0))]).words).toBe(
    "ports/n16: nothing was measured",
  );
});

test("59 waves are the fewest that show a p95, 5 a median", () => {
  const waves = (amount: number) => [ports(lasting(...repeated(12_000, amount)))];
  expect(judged("p95(burst, ports) < 20s", waves(59)).verdict).toBe("holds");
  expect(judged("p95(burst, ports) < 20s", waves(58))).toMatchObject({
    verdict: "unknown",
    words:
      "ports/n16: p95 12.0s of 58 waves; 0 of 58 waves took 20.0s or more; about 1 more wave below it would show it",
  });
  expect(judged("median(burst, ports) < 20s", waves(5)).verdict).toBe("holds");
  expect(judged("median(burst, ports) < 20s", waves(4)).verdict).toBe("unknown");
  expect(judged("p95(burst, ports) < 10s", waves(2)).verdict).toBe("violated");
});

test("times of jobs are those of OK jobs or of failed ones, never both", () => {
  const waves = repeated({ okTimes: repeated(5000, 12), failTimes: repeated(60_000, 4) }, 6);
  expect(judged("p95(ok, ports) < 10s", [ports(waves)]).verdict).toBe("holds");
  expect(judged("median(failed, ports) < 10s", [ports(waves)]).verdict).toBe("violated");
});

const slow = [39_100, 39_400, 55_900, 41_000, 40_200];
const quick = [11_400, 12_000, 12_600, 11_900, 12_200];

test("medians are held against each other's stretched waves", () => {
  const samples = [ports(lasting(...slow)), noports(lasting(...quick))];
  expect(judged("median(burst, noports) < 0.5 * median(burst, ports)", samples)).toMatchObject({
    verdict: "holds",
    words:
      "noports/n16: median 12.0s of 5 waves, median 40.2s of 5 waves in ports/n16; below 0.5 × the latter (Mann–Whitney, one-sided p 0.004)",
  });
  expect(judged("median(burst, ports) < 2 * median(burst, noports)", samples).verdict).toBe(
    "violated",
  );
  const two = [ports(lasting(...slow.slice(3))), noports(lasting(...quick.slice(3)))];
  expect(judged("median(burst, noports) < median(burst, ports)", two).words).toMatch(
    /it takes 3 waves of each$/,
  );
});

test("a baseline is the same arm of another run", () => {
  const text = "median(burst, ports) < 1.2 * baseline";
  const run = [ports(lasting(...slow))];
  expect(judged(text, run, [ports(lasting(...slow.map((burst) => 1.5 * burst)))]).verdict).toBe(
    "holds",
  );
  expect(judged(text, run, [ports(lasting(...slow.map((burst) => burst / 1.2)))]).verdict).toBe(
    "unknown",
  );
  expect(judged(text, run, [ports(lasting(...quick))]).verdict).toBe("violated");
});

test("rates of two arms are held against each other, with a factor and a margin", () => {
  const samples = [ports(failing(...repeated(5, 8))), noports(failing(...repeated(0, 8)))];
  expect(judged("failure_rate(noports) < failure_rate(ports)", samples).verdict).toBe("holds");
  expect(judged("failure_rate(noports) < 0.5 * failure_rate(ports)", samples).verdict).toBe(
    "holds",
  );
  expect(judged("failure_rate(ports) < failure_rate(noports) + 5%", samples).verdict).toBe(
    "violated",
  );
  expect(judged("failure_rate(ports) < failure_rate(noports) + 60%", samples).verdict).toBe(
    "holds",
  );
  const clean = [noports(failing(0, 0, 0))];
  expect(judged("failure_rate(noports) < 1.2 * baseline", clean, clean).words).toMatch(
    /nothing is below 0 %: add a margin, like \+ 1%$/,
  );
});

test("other quantiles of two arms need a bound of each", () => {
  const many = (burst: number) => lasting(...repeated(burst, 60));
  const text = "p95(burst, noports) < p95(burst, ports)";
  expect(judged(text, [ports(many(40_000)), noports(many(12_000))]).verdict).toBe("holds");
  expect(judged(text, [ports(lasting(...slow)), noports(lasting(...quick))])).toMatchObject({
    verdict: "unknown",
    words: expect.stringMatching(/a bound takes 59 of each$/) as string,
  });
});

test("every arm must hold it, and one that does not is enough", () => {
  const good = samplesOf(armOf("ports", 300), failing(0));
  const bad = ports(failing(4, 4, 4));
  const poor = samplesOf(armOf("ports", 2), failing(0));
  const verdict = (...samples: readonly ArmSamples[]) =>
    judged("failure_rate(ports) < 1%", samples).verdict;
  expect(verdict(good)).toBe("holds");
  expect(verdict(good, poor)).toBe("unknown");
  expect(verdict(good, poor, bad)).toBe("violated");
});

test("a verdict is data for a summary", () => {
  const verdict = judged("failure_rate(ports) < 1%", [ports(failing(4, 4, 4))]);
  expect(expectationVerdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
});

test.each([
  [["holds", "holds"], "holds"],
  [["holds", "unknown"], "unknown"],
  [["unknown", "violated"], "violated"],
  [[], "unknown"],
] as const)("%j together are %s", (verdicts, together) => {
  expect(verdictOfExpectations(verdicts.map((verdict) => ({ verdict })))).toBe(together);
});

test("at the limit itself at most one run in twenty is called below it or above it", () => {
  const random = seeded("at the limit");
  const runs = 1000;
  const verdicts = Array.from({ length: runs }, () => {
    const failed = Array.from({ length: 10 }, () => drawn(random, { of: 16, rate: 0.1 }));
    return judged("failure_rate(ports) < 10%", [ports(failing(...failed))]).verdict;
  });
  const share = (wanted: string) => verdicts.filter((each) => each === wanted).length / runs;
  // Three standard errors above 5 %.
  expect(share("holds")).toBeLessThan(0.07);
  expect(share("violated")).toBeLessThan(0.07);
});
