/**
 * Where failures begin on a real engine: on default pools the 31st network is the first that there is no room for.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sweepSchema, type Sweep, type SweepCurve } from "../../harness/core/sweep/sweep.ts";
import { outDirectory, runStress, type Finished } from "./stress.ts";

const sweepOf = ({ stdout, stderr, code }: Finished): Sweep => {
  try {
    return sweepSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new Error(`exit ${String(code)}, no sweep: ${stdout}\n${stderr}`, { cause });
  }
};

const onlyCurve = ({ curves }: Sweep): SweepCurve => {
  const [curve] = curves;
  if (curve === undefined || curves.length > 1) throw new Error(JSON.stringify(curves));
  return curve;
};

test("failures begin between 30 and 40 jobs, N5 lies there too, and each further job costs the same again", async () => {
  const out = outDirectory();
  const finished = await runStress([
    ...["sweep", "--engine", "managed", "--n", "1,8,31,40", "--waves", "2"],
    ...["--mode", "noports", "--services", "redis", "--timeout", "180", "--json", "--out", out],
  ]);
  const sweep = sweepOf(finished);
  expect({ code: finished.code, verdict: sweep.verdict }, finished.stderr).toEqual({
    code: 0,
    verdict: "measured",
  });
  const { points, onset, failures, times } = onlyCurve(sweep);
  expect(points.map(({ n, jobs, failed }) => [n, jobs, failed])).toEqual([
    [1, 2, 0],
    [8, 16, 0],
    [31, 62, 2],
    [40, 80, 20],
  ]);
  expect(onset).toMatchObject({ clean: { n: 8 }, first: { n: 31 } });
  if (failures.kind !== "rises") throw new Error(JSON.stringify(failures));
  const { n5, n50 } = failures;
  expect(n5).toMatchObject({ where: "within" });
  expect(n5.n).toBeGreaterThan(30);
  expect(n5.n).toBeLessThan(40);
  // A quarter of 40 jobs failed: half of more jobs do.
  expect(n50).toMatchObject({ where: "above" });
  expect(n50.low).toBeGreaterThan(40);
  // One job takes about a second and a half here, each further one of eight a good half of that.
  expect(times).toMatchObject({ waves: 4, leftOut: 4, networkCreate: { low: null } });
  expect(times?.perJob.value).toBeGreaterThan(0);
  expect(times?.share.value).toBeGreaterThan(0.02);
  expect(times?.share.value).toBeLessThanOrEqual(1);

  const report = readFileSync(join(out, "latest", "sweep.md"), "utf8");
  expect(report).toMatch(
    /\n- failures begin above N=8, where none did: 0 of 16 .*first seen at N=31: 2 of 62/,
  );
  expect(report).toMatch(/\n- N5 = 3\d \(.*\); N50 ≈ .*, extrapolated beyond N=40\n/);

  // The same from the journal, judged again.
  const again = await runStress(["sweep", "--from", "latest", "--json", "--out", out]);
  expect(sweepOf(again)).toEqual(sweep);
}, 900_000);
