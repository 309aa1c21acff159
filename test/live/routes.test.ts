/**
 * Attaching a network to a real container: the third seed's flip, and what keeps it from happening.
 */
import { expect, test } from "vitest";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

test("the default gateway moves where the names say so, and stays with each fix that this engine knows", async () => {
  const finished = await runStress([
    ...["run", "--scenario", "routes", "--engine", "managed", "--n", "2", "--waves", "1"],
    ...["--variant", "app_stage,BACK_FRONT,one-network", "--seconds", "3"],
    ...["--json", "--out", outDirectory()],
  ]);
  const summary = summaryOf(finished);
  expect({ code: finished.code, leaks: summary.leaks }, finished.stderr).toEqual({
    code: 1,
    leaks: [],
  });
  const rows = summary.routes?.rows ?? [];
  expect(rows.map(({ variant, moved, agrees }) => [variant, moved, agrees])).toEqual([
    ["app_stage", 2, true],
    ["BACK_FRONT", 0, true],
    ["one-network", 0, true],
  ]);
  // Names that the container's own bridge answers for: what the kernel's connection tracking holds them by is gone.
  const dead = rows.map(({ connections }) =>
    connections.reduce((sum, { silent, closed }) => sum + silent + closed, 0),
  );
  expect(dead[0]).toBeGreaterThan(0);
  expect(dead.slice(1)).toEqual([0, 0]);
  const failures = summary.arms.flatMap((arm) =>
    arm.failures.map((failure) => [arm.variant, failure.class, failure.count]),
  );
  expect(failures).toEqual([["app_stage", "network.default_route_moved", 2]]);
}, 600_000);
