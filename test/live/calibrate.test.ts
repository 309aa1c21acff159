/**
 * Attribution scored against known truth on a real engine: real sockets, real processes, a second real engine. And on
 * the simulated one as often as takes too long for the fast suite.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { calibrationSchema } from "../../harness/core/calibration.ts";
import { outDirectory, runStress } from "./stress.ts";

test("twenty faults of every kind are all met and attributed right, and nobody else is accused", async () => {
  const out = outDirectory();
  // It tries ten ports and begins with the very next; 28.5.2 does not always, and comes through where ten are held.
  const engine = "debian:bookworm";
  const argv = ["calibrate", "--engine", engine, "--faults", "20", "--seed", "live"];
  const { code, stdout, stderr } = await runStress([...argv, "--json", "--out", out]);
  const calibration = calibrationSchema.parse(JSON.parse(stdout));
  const { injected, fates, scores, bystanders, faults } = calibration;
  const missed = faults.filter(({ score, fate }) => fate !== "absorbed" && score !== "right");
  expect(missed, stderr).toEqual([]);
  // Ten ports for each of the six jobs that are to fail by ports that the daemon chooses: it goes round nine.
  expect({ injected, fates, scores }).toEqual({
    injected: 74,
    fates: { met: 20, absorbed: 54, untouched: 0 },
    scores: { right: 20, wrong: 0, open: 0 },
  });
  // Jobs that asked for the same port failed by each other.
  expect(bystanders.failed).toBeGreaterThanOrEqual(16);
  expect(bystanders.accused).toBe(0);
  expect(new Set(faults.map(({ truth }) => truth)).size).toBe(8);
  expect(code).toBe(0);
  expect(readFileSync(join(out, "latest", "calibration.md"), "utf8")).toContain(
    "74 faults injected: 20 met, 54 absorbed",
  );
});

test("a thousand seeded faults on the simulated engine are all met and attributed right", async () => {
  const out = outDirectory();
  const argv = ["calibrate", "--engine", "fake", "--seed", "thousand"];
  const { code, stdout } = await runStress([...argv, "--json", "--out", out]);
  const { injected, scores, bystanders, specificity } = calibrationSchema.parse(JSON.parse(stdout));
  expect({ injected, scores }).toEqual({
    injected: 1000,
    scores: { right: 1000, wrong: 0, open: 0 },
  });
  // In waves of their own, jobs fail by each other.
  expect(bystanders.failed).toBeGreaterThan(500);
  expect(specificity).toMatchObject({ hits: bystanders.failed, of: bystanders.failed });
  expect(code).toBe(0);
});
