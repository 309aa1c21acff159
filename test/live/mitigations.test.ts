/**
 * Mitigations on a throw-away engine: that they do what they say, and what becomes of jobs that would have failed.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BUILTIN_PROFILES } from "../../docker/managed/builtin-profiles.ts";
import { defaultEngine } from "../../docker/managed/default-engine.ts";
import { resolveEngineSource } from "../../docker/managed/engine-source.ts";
import { SYSTEM_PATH } from "../../docker/managed/program.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { climbSchema } from "../../harness/core/climb.ts";
import type { Event } from "../../harness/core/events.ts";
import { history, type Step } from "../../harness/core/history.ts";
import { tryCurves } from "../../harness/core/tries.ts";
import { readJournal } from "../../harness/run/journal.ts";
import { emittedFile } from "../../reports/emitted.ts";
import { outDirectory, runStress, startStress, summaryOf } from "./stress.ts";

const SMALL = ["--engine", "managed", "--services", "redis", "--mode", "ports", "--warmup", "0"];

const eventsIn = (out: string): readonly Event[] => [
  ...readJournal(join(out, "latest", "events.ndjson")),
];

const networksOf = (events: readonly Event[], arm: string): readonly Step[] =>
  history(events)
    .waves.filter(({ started }) => started.arm === arm)
    .flatMap(({ jobs }) => jobs)
    .flatMap(({ burst }) => burst.filter(({ operation }) => operation === "network.create"))
    .toSorted((a, b) => a.invokedAt - b.invokedAt);

const overlapping = (steps: readonly Step[]): number =>
  steps.filter((step, index) => step.invokedAt < (steps[index - 1]?.answeredAt ?? 0)).length;

test("a start that was refused its port is mended by starting again: the daemon then chooses another", async () => {
  const out = outDirectory();
  // Ten in a row are as many as an engine tries by itself; one that does not try loses its job by the first.
  const finished = await runStress([
    ...["run", ...SMALL, "--n", "1", "--waves", "2", "--mitigation", "none,retry:3"],
    ...["--nemesis", "occupy:12:outbound", "--json", "--out", out],
  ]);
  const summary = summaryOf(finished);
  expect(summary.arms.map(({ id, jobs }) => [id, jobs])).toEqual([
    ["ports/n1", { ok: 0, failed: 2, unfinished: 0 }],
    ["ports/n1/retry:3", { ok: 2, failed: 0, unfinished: 0 }],
  ]);
  const run = history(eventsIn(out));
  expect(tryCurves(run)).toMatchObject([
    {
      arm: "ports/n1/retry:3",
      jobs: 2,
      repeated: 2,
      steps: [
        { tries: 1, ok: 0 },
        { tries: 2, ok: 2 },
      ],
      never: 0,
    },
  ]);
  // The refusal that was mended was looked at as well, and laid to who held the port.
  const { faults = [] } = summary.calibration ?? {};
  expect(faults.filter(({ fate }) => fate === "met").map(({ score }) => score)).toEqual(
    Array.from({ length: 4 }, () => "right"),
  );
  expect(run.waves.every(({ burstEnded }) => (burstEnded?.engineProcessor ?? 0) > 0)).toBe(true);
});

test("serialised and locked, no network is created while another is; otherwise they are", async () => {
  const out = outDirectory();
  const { code, stderr } = await runStress([
    ...["run", ...SMALL, "--n", "6", "--waves", "1"],
    ...["--mitigation", "none,serialise,lock-file", "--out", out],
  ]);
  expect(code, stderr).toBe(0);
  const events = eventsIn(out);
  expect(overlapping(networksOf(events, "ports/n6"))).toBeGreaterThan(0);
  expect(overlapping(networksOf(events, "ports/n6/serialise"))).toBe(0);
  expect(overlapping(networksOf(events, "ports/n6/lock-file"))).toBe(0);
});

test("two processes with the same lock file exclude each other, and a script that uses flock", async () => {
  const out = outDirectory();
  const path = join(out, "network.lock");
  const shim = spawn("flock", [path, "sh", "-c", "echo held; read -r _"]);
  await once(shim.stdout, "data");
  const argv = ["run", ...SMALL, "--n", "3", "--waves", "1", "--mitigation", `lock-file:${path}`];
  const runs = ["a", "b"].map((name) => ({
    running: startStress([...argv, "--out", join(out, name)]),
    out: join(out, name),
  }));
  for (const { running } of runs) await running.said(/wave 1 of 1: \S+, 3 jobs at once/);
  const sharedFrom = Date.now();
  shim.stdin.end("\n");
  const finished = await Promise.all(runs.map(({ running }) => running.finished));
  expect(finished.map(({ code }) => code)).toEqual([0, 0]);
  // On the wall clock, which both processes have.
  const calls = runs
    .flatMap((each) => {
      const events = eventsIn(each.out);
      const { startedAt } = history(events).started;
      const zero = Date.parse(startedAt);
      const [arm = ""] = history(events).started.arms.map(({ id }) => id);
      return networksOf(events, arm).map(({ invokedAt, answeredAt }) => ({
        from: zero + invokedAt,
        to: zero + answeredAt,
      }));
    })
    .toSorted((a, b) => a.from - b.from);
  expect(calls).toHaveLength(6);
  // Instants of two clocks are as near to each other as they were set: to a few milliseconds.
  const SLACK = 5;
  for (const [index, { from }] of calls.entries()) {
    expect(from).toBeGreaterThan(sharedFrom - SLACK);
    expect(from).toBeGreaterThan((calls[index - 1]?.to ?? 0) - SLACK);
  }
});

test("on a real engine the ladder tells a range apart from the host's from doing nothing, and emits it", async () => {
  const out = outDirectory();
  const { code, stdout, stderr } = await runStress([
    ...["mitigate", "--n", "4", "--waves", "4", "--services", "redis", "--json", "--out", out],
    ...["--rungs", "disjoint-range", "--nemesis", "occupy:60:ephemeral"],
  ]);
  const told = climbSchema.parse(JSON.parse(stdout));
  expect(told.advice, stderr).toMatchObject({ verdict: "stops", rung: "disjoint-range" });
  expect(code).toBe(0);
  const emitted = await runStress(["advise", "--emit", "systemd", "--out", out]);
  expect(emitted.stdout).toContain(`# Rests on run ${told.run} `);
  expect(emitted.code).toBe(0);
  const refused = await runStress(["advise", "--emit", "daemon.json", "--out", out]);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
});

test("a daemon accepts the daemon.json that is emitted", async () => {
  const signal = AbortSignal.timeout(600_000);
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const narrate = (line: string): void => void process.stderr.write(`${line}\n`);
  const options = { stateDir, narrate, signal };
  // 20.10 cannot be asked.
  const { daemon, programs } = await resolveEngineSource(
    { kind: "debian", suite: "sid" },
    { ...options, atHand: () => defaultEngine(options) },
  );
  const { daemonJson } = BUILTIN_PROFILES["wide-pools"] ?? {};
  if (daemonJson === undefined) throw new Error("there is no such profile");
  const rates = { failures: null, baselineFailures: null, p: 0.01, faults: 0, simulated: false };
  const support = { run: "r", startedAt: "", engine: "28.5.2", arm: "a", baseline: "b", ...rates };
  const { name, text } = emittedFile({ kind: "daemon.json", support, daemonJson });
  const file = join(outDirectory(), name);
  writeFileSync(file, text);
  const { stderr, status } = spawnSync(daemon, ["--validate", "--config-file", file], {
    env: { PATH: `${programs}:${SYSTEM_PATH}` },
    encoding: "utf8",
  });
  expect(stderr).toContain("configuration OK");
  expect(status).toBe(0);
});
