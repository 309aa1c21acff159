import { expect, test } from "vitest";
import { parseExpectation } from "../../../../harness/core/expectations/parse.ts";
import { checkSelectors, selected } from "../../../../harness/core/expectations/selection.ts";
import { armOf } from "./waves.ts";

const ARMS = [
  armOf("ports", 1),
  armOf("ports", 16),
  armOf("noports", 1),
  armOf("noports", 16),
  armOf("ports", 16, { profile: "wide-pools" }),
];

const pairs = (text: string): readonly (readonly [string, string | null])[] =>
  selected(parseExpectation(text), ARMS).map(({ arm, other }) => [arm.id, other?.id ?? null]);

test.each([
  ["failure_rate(noports) < 1%", ["noports/n1", "noports/n16"]],
  ["failure_rate(ports/n16) < 1%", ["ports/n16", "wide-pools/ports/n16"]],
  ["failure_rate(n16/wide-pools) < 1%", ["wide-pools/ports/n16"]],
  ["failure_rate(port) < 1%", []],
  ["failure_rate(*) < 1%", ARMS.map(({ id }) => id)],
])("%s is about the arms that have all its parts", (text, ids) => {
  expect(pairs(text).map(([arm]) => arm)).toEqual(ids);
});

test("arms are held against those that differ only in what the selectors name", () => {
  expect(pairs("failure_rate(noports) < failure_rate(ports)")).toEqual([
    ["noports/n1", "ports/n1"],
    ["noports/n16", "ports/n16"],
  ]);
});

test("one counterpart alone serves all", () => {
  expect(pairs("median(burst, noports) < median(burst, wide-pools)")).toEqual([
    ["noports/n1", "wide-pools/ports/n16"],
    ["noports/n16", "wide-pools/ports/n16"],
  ]);
});

test.each([
  ["failure_rate(nothing) < 1%", /no arm is nothing; the arms are ports\/n1, ports\/n16, noports/],
  ["failure_rate(ports) < failure_rate(nothing)", /no arm is nothing/],
  [
    "failure_rate(wide-pools) < failure_rate(noports)",
    /nothing to hold wide-pools\/ports\/n16 against/,
  ],
  ["p95(burst, noports/n1) < 2 * median(burst, noports/n1)", /noports\/n1 is held against itself/],
])("%s is refused before a run", (text, words) => {
  expect(() => {
    checkSelectors(parseExpectation(text), ARMS);
  }).toThrow(words);
});

test("what can be asked is let through", () => {
  checkSelectors(parseExpectation("failure_rate(noports) < failure_rate(ports)"), ARMS);
  checkSelectors(parseExpectation("median(burst, *) < 1.2 * baseline"), ARMS);
});
