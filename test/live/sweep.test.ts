/**
 * Where failures begin on a real engine: with an address pool for seven networks, at the eighth job.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { summarySchema } from "../../harness/core/summary.ts";
import { sweepSchema, type Sweep, type SweepCurve } from "../../harness/core/sweep/sweep.ts";
import { outDirectory, runStress, type Finished } from "./stress.ts";

/** Eight subnets, one of them taken by the default bridge: what thirty-one show as well, in a quarter of the time. */
const SMALL_POOLS = { "default-address-pools": [{ base: "10.214.0.0/25", size: 28 }] };

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

test("where seven networks fit failures begin with the eighth job, N5 lies there too, and each further job costs the same again", async () => {
  const out = outDirectory();
  const daemonJson = join(out, "daemon.json");
  writeFileSync(daemonJson, JSON.stringify(SMALL_POOLS));
  const finished = await runStress([
    ...["sweep", "--engine", "managed", "--daemon-json", daemonJson, "--n", "1,7,8,12"],
    ...["--waves", "2", "--mode", "noports", "--services", "redis", "--timeout", "180"],
    ...["--json", "--out", out],
  ]);
  const sweep = sweepOf(finished);
  expect({ code: finished.code, verdict: sweep.verdict }, finished.stderr).toEqual({
    code: 0,
    verdict: "measured",
  });
  // First what failed and why, for whoever finds other numbers below.
  const { arms } = summarySchema.parse(
    JSON.parse(readFileSync(join(out, "latest", "summary.json"), "utf8")),
  );
  expect(
    arms.flatMap(({ n, failures }) =>
      failures.map((failure) => [
        ...[n, failure.count, failure.class],
        ...failure.causes.map(({ cause }) => cause),
      ]),
    ),
  ).toEqual([
    [8, 2, "network.subnet_exhausted", "subnets_taken"],
    [12, 10, "network.subnet_exhausted", "subnets_taken"],
  ]);
  const { points, onset, failures, times } = onlyCurve(sweep);
  expect(points.map(({ n, jobs, failed }) => [n, jobs, failed])).toEqual([
    [1, 2, 0],
    [7, 14, 0],
    [8, 16, 2],
    [12, 24, 10],
  ]);
  expect(onset).toMatchObject({ clean: { n: 7 }, first: { n: 8 } });
  if (failures.kind !== "rises") throw new Error(JSON.stringify(failures));
  const { n5, n50 } = failures;
  expect(n5).toMatchObject({ where: "within" });
  expect(n5.n).toBeGreaterThan(6);
  expect(n5.n).toBeLessThan(8);
  // Five of twelve failed: half of more jobs do.
  expect(n50).toMatchObject({ where: "above" });
  expect(n50.low).toBeGreaterThan(10);
  // One job takes about a second and a half here, each further one of seven a good half of that.
  expect(times).toMatchObject({ waves: 4, leftOut: 4, networkCreate: { low: null } });
  expect(times?.perJob.value).toBeGreaterThan(0);
  expect(times?.share.value).toBeGreaterThan(0.02);
  expect(times?.share.value).toBeLessThanOrEqual(1);

  const report = readFileSync(join(out, "latest", "sweep.md"), "utf8");
  expect(report).toMatch(
    /\n- failures begin above N=7, where none did: 0 of 14 .*first seen at N=8: 2 of 16/,
  );
  expect(report).toMatch(/\n- N5 = (?:6\.9|7) \(.*\); N50 ≈ .*, extrapolated beyond N=12\n/);

  // The same from the journal, judged again.
  const again = await runStress(["sweep", "--from", "latest", "--json", "--out", out]);
  expect(sweepOf(again)).toEqual(sweep);
}, 900_000);
