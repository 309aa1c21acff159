import { expect, test } from "vitest";
import { climb, climbSchema, type Climb } from "../../../harness/core/climb.ts";
import { laddered, LADDER, N, type Ladder } from "./laddered.ts";

const climbed = (ladder: Ladder): Climb => climb(laddered(ladder), LADDER);

const ALL_FAIL = Object.fromEntries(LADDER.map(({ rung }) => [rung, 4]));

test("the cheapest rung without a failure is advised, and what else helps is named", () => {
  const { advice } = climbed({
    failed: { ...ALL_FAIL, "disjoint-range": 0, noports: 0, "ports-block": 0 },
  });
  expect(advice.verdict).toBe("stops");
  expect(advice.rung).toBe("disjoint-range");
  expect(advice.words[0]).toMatch(
    /0 of 32 failed \(0–11 %\) against 16 of 32 failed .* without, p /,
  );
  expect(advice.words).toContain(
    "fail less often than nothing as well, at another cost: ports-block, noports",
  );
});

test("a rung with which fewer fail is not said to stop failures", () => {
  const { advice } = climbed({ failed: { ...ALL_FAIL, nothing: N, retry: 1 } });
  expect(advice).toMatchObject({ verdict: "lessens", rung: "retry" });
  expect(advice.words).toContain("no rung that is shown to help left no failure");
});

test("too few waves tell nothing, and are said to", () => {
  const { advice } = climbed({ waves: 2, failed: { nothing: 1 } });
  expect(advice).toMatchObject({ verdict: "unknown", rung: null });
  expect(advice.words[0]).toMatch(/^no rung is shown to fail less often than nothing/);
  expect(advice.words[1]).toMatch(/^to tell .* from nothing takes about --waves \d+$/);
});

test("a difference that only the correction for many rungs takes away is said to be near", () => {
  const { advice } = climbed({ waves: 3, failed: { ...ALL_FAIL, retry: 0 } });
  expect(advice.verdict).toBe("unknown");
  expect(advice.words[1]).toMatch(/^retry is near: alone \(--rungs retry\) its p would be /);
});

test("where nothing fails without a mitigation, none is advised", () => {
  const { advice } = climbed({ failed: {} });
  expect(advice).toMatchObject({ verdict: "nothing-to-mend", rung: null });
});

test("a rung that makes it worse is named as one", () => {
  const { advice } = climbed({ failed: { ...ALL_FAIL, nothing: 1, loopback: N } });
  expect(advice.words).toContain("fail more often than nothing: loopback");
});

test("a rung whose engine cannot be had stands in the table with the reason", () => {
  const { rungs } = climbed({
    failed: { nothing: 4 },
    skipped: { "wide-pools": "it has no such pools" },
  });
  expect(rungs.find(({ rung }) => rung === "wide-pools")).toMatchObject({
    skipped: "it has no such pools",
    waves: 0,
    failures: null,
  });
  expect(rungs.map(({ rung }) => rung)).toEqual(LADDER.map(({ rung }) => rung));
});

test("what a burst cost the engine and the harness is the median of the waves", () => {
  const [nothing] = climbed({ failed: {} }).rungs;
  expect(nothing).toMatchObject({ engineProcessor: 900, harnessProcessor: 40, waves: 4 });
});

test("trouble on purpose is said to be the reason", () => {
  const { advice, faults } = climbed({ failed: { nothing: 4 }, faults: true });
  expect(faults).toBe(40);
  expect(advice.words.at(-1)).toMatch(/^40 faults were injected on purpose/);
});

test("the result is what its schema says", () => {
  const result = climbed({ failed: { nothing: 4 } });
  expect(climbSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
});
