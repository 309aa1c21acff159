import { expect, test } from "vitest";
import {
  compareRuns,
  runComparisonSchema,
} from "../../../../harness/core/comparison/compare-runs.ts";
import { history, type RunHistory } from "../../../../harness/core/history.ts";
import { arm, journalOf, refused, type RunScript } from "../history.ts";

const WRONG = [refused("network.create", null, "all predefined address pools have been used")];

/** So many failures in each wave of 16 jobs. */
const run = (
  id: string,
  failed: readonly number[],
  { slowness = 1, ...script }: Partial<RunScript> & { readonly slowness?: number } = {},
): RunHistory => {
  const waves = failed.map((amount, wave) => ({
    arm: "ports",
    slowness: slowness * (1 + wave / 100),
    wrong: Object.fromEntries(Array.from({ length: amount }, (_, job) => [job + 1, WRONG])),
  }));
  const told = history(journalOf({ arms: [arm("ports", 16)], waves, ...script }));
  return { ...told, started: { ...told.started, run: id } };
};

const POOLED =
  "runs have no blocks in common: what changed on the machine between them is in every difference";

test("two runs alike show no difference, and the only warning is that they are two", () => {
  const comparison = compareRuns([run("a", [0, 0, 0, 0]), run("b", [0, 0, 0, 0])]);
  expect(comparison.warnings).toEqual([POOLED]);
  expect(comparison.arms).toMatchObject([
    {
      id: "ports",
      runs: [
        { waves: 4, failures: { failed: 0, of: 64 }, failuresAgainst: null, burstAgainst: null },
        {
          failuresAgainst: { verdict: "no difference shown", p: 1 },
          burstAgainst: { verdict: "no difference shown", p: 1 },
        },
      ],
    },
  ]);
  expect(runComparisonSchema.parse(comparison)).toEqual(comparison);
});

test("a night on which 8 of 16 fail and that is slower differs in both", () => {
  const [row] = compareRuns([run("a", [0, 0, 0, 0]), run("b", [8, 8, 8, 8], { slowness: 2 })]).arms;
  expect(row?.runs[1]).toMatchObject({
    failures: { failed: 32, of: 64 },
    failuresAgainst: { verdict: "differs", difference: { value: 0.5 } },
    burstAgainst: {
      verdict: "differs",
      shift: { value: expect.closeTo(2485 * 1.015, 3) as number },
    },
  });
});

test("blocks of two runs are not the same blocks: their waves are dealt all together", () => {
  const [row] = compareRuns([run("a", [0, 0, 0, 0]), run("b", [8, 8, 8, 8])]).arms;
  // Four of eight, and not the signs of four pairs.
  expect(row?.runs[1]?.failuresAgainst?.waveP).toBeCloseTo(2 / 70, 9);
});

test("several runs and arms are corrected together, against the first", () => {
  const [row] = compareRuns([
    run("a", [0, 0, 0, 0]),
    run("b", [8, 8, 8, 8]),
    run("c", [0, 0, 0, 0]),
  ]).arms;
  const [, second, third] = row?.runs ?? [];
  expect(second?.failuresAgainst?.adjustedP).toBeCloseTo(2 * (second?.failuresAgainst?.p ?? 0), 12);
  expect(third?.failuresAgainst).toMatchObject({ verdict: "no difference shown", adjustedP: 1 });
});

test("an arm that one of the runs does not have is not compared", () => {
  const other = run("b", [], { arms: [arm("noports", 16)], waves: [{ arm: "noports" }] });
  const { arms } = compareRuns([run("a", [0]), other]);
  expect(arms.map(({ id, runs }) => [id, runs.map((cell) => cell !== null)])).toEqual([
    ["ports", [true, false]],
    ["noports", [false, true]],
  ]);
  expect(arms[1]?.runs[1]).toMatchObject({ failuresAgainst: null, burstAgainst: null });
});

test("other machines, engines and images are warned of by name, and two architectures in words", () => {
  const other = run("b", [0], { engine: { architecture: "aarch64", kernel: "6.1.0" } });
  expect(compareRuns([run("a", [0]), other]).warnings).toEqual([
    "b was not made on the same as a: architecture: x86_64 and aarch64; kernel: 6.18.0 and 6.1.0",
    "x86_64 beside aarch64: two machines, so a difference may be one of machines; each has its own builds of the images",
    POOLED,
  ]);
});

test("a run that was cut off, simulated or disturbed on purpose says so", () => {
  const killed = run("b", [0, 0], { ended: null, planned: 6, engine: { simulated: true } });
  const disturbed = run("c", [], {
    waves: [
      {
        arm: "ports",
        faults: [
          { id: "f1", kind: "slow-daemon", target: { of: "daemon" }, truth: null, note: "stopped" },
        ],
      },
    ],
  });
  const { warnings } = compareRuns([run("a", [0]), killed, disturbed]);
  expect(warnings).toContain("an engine was simulated: this says nothing about a real one");
  expect(warnings).toContain("run b is partial (killed): 2 of 6 waves count");
  expect(warnings).toContain("faults were injected on purpose in run c (--nemesis)");
});
