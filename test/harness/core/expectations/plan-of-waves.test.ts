import { expect, test } from "vitest";
import { armsLike, experienceOf } from "../../../../harness/core/expectations/plan-of-waves.ts";
import { history } from "../../../../harness/core/history.ts";
import { arm, journalOf, refused } from "../history.ts";

const run = history(
  journalOf({
    arms: [arm("ports", 2), arm("noports", 2)],
    waves: [
      { arm: "ports", slowness: 5 },
      { arm: "noports" },
      {
        arm: "ports",
        wrong: {
          1: [refused("network.create", null, "no")],
          2: [refused("network.create", null, "no")],
        },
      },
      { arm: "noports" },
    ],
  }),
);

const like = (jobs: number, modes: readonly ("ports" | "noports")[] = []) =>
  armsLike(run, { jobs, modes });

test("a run teaches how long a wave of each of two arms takes, and how much waves differ", () => {
  const both = experienceOf(run, like(2));
  const ports = experienceOf(run, like(2, ["ports"]));
  const noports = experienceOf(run, like(2, ["noports"]));
  expect(both?.block).toBeCloseTo(((ports?.block ?? 0) + (noports?.block ?? 0)) / 2, 9);
  expect(ports?.block).toBeGreaterThan(noports?.block ?? Infinity);
  // Both jobs of one wave failed and none of the other: as unlike as waves of two jobs can be.
  expect(ports?.designEffect).toBeGreaterThan(1.9);
  expect(noports).toMatchObject({
    designEffect: 1,
    designEffectFrom: `run ${run.started.run}: noports; its waves do not tell`,
  });
});

test("an arm of other size, or without a finished wave, teaches nothing", () => {
  expect(like(16)).toEqual([]);
  expect(experienceOf(run, [])).toBeNull();
});
