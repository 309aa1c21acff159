/**
 * The main job as a user runs it: each mode at N=16 on a throw-away rootless engine, and what the first seed's author
 * ran into. Sixteen jobs with MariaDB, Redis and ClickHouse are the quick start's, which `.ci/run` judges; how a mode
 * reaches all three, each with all its ports, is the contract's.
 */
import { createServer } from "node:net";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSockets } from "../../docker/evidence/sockets.ts";
import { readJournal } from "../../harness/run/journal.ts";
import type { ArmSummary, Summary } from "../../harness/core/summary.ts";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

/** The one arm of a mode: these runs have one number of jobs. */
const armOf = (summary: Summary, mode: string): ArmSummary => {
  const arms = summary.arms.filter((each) => each.mode === mode);
  const [arm] = arms;
  if (arm === undefined || arms.length > 1) throw new Error(JSON.stringify(summary.arms));
  return arm;
};

/** What the failures of an arm are attributed to, each cause once. */
const causesOf = ({ failures }: ArmSummary): readonly (string | null)[] => [
  ...new Set(failures.flatMap(({ causes }) => causes.map(({ cause }) => cause))),
];

const stress = async (...argv: string[]) => {
  const out = outDirectory();
  const finished = await runStress(["--engine", "managed", "--json", "--out", out, ...argv]);
  return { ...finished, out, summary: summaryOf(finished) };
};

test("16 jobs at once are all OK in every mode but the one in which all ask for the same ports", async () => {
  const modes = ["ports", "ports-block", "ports-loopback", "noports", "ports-fixed"];
  const { summary, code, out } = await stress(
    ...["--n", "16", "--waves", "1", "--mode", modes.join(","), "--services", "redis"],
  );
  expect(summary.engine).toMatchObject({ rootless: true });
  expect(summary.engine.components["rootlesskit"] ?? "").toMatch(/^\d/);
  for (const mode of modes.filter((each) => each !== "ports-fixed")) {
    const arm = armOf(summary, mode);
    expect(arm.failures, mode).toEqual([]);
    expect(arm.jobs.ok, mode).toBe(16);
  }
  const fixed = armOf(summary, "ports-fixed");
  expect(fixed.jobs.failed).toBeGreaterThanOrEqual(15);
  expect([...new Set(fixed.failures.map((failure) => failure.class))]).toEqual([
    "port.already_allocated",
  ]);
  // A true race, and shown as one: another job of the run has the port.
  expect(causesOf(fixed)).toEqual(["same_run"]);
  expect(code).toBe(1);
  expect(summary.leaks).toEqual([]);
  for (const arm of summary.arms) {
    expect(arm.launchSkew?.max, arm.id).toBeLessThan(100);
    expect(arm.inFlight, arm.id).toBeGreaterThanOrEqual(16);
  }

  // The report is on disk, and rendering it again from the journal gives the same summary.
  const directory = join(out, summary.run);
  expect(readFileSync(join(directory, "report.md"), "utf8")).toContain("port.already_allocated");
  const again = summaryOf(await runStress(["report", "latest", "--json", "--out", out]));
  expect(again).toEqual(summary);
}, 900_000);

test("probes through published ports leave no socket in TIME_WAIT, on whatever port", async () => {
  const { summary, out } = await stress("--waves", "1", "--mode", "ports", "--n", "4");
  const published = new Set(
    [...readJournal(join(out, summary.run, "events.ndjson"))].flatMap((event) =>
      event.event === "answered" && event.answer.kind === "done"
        ? (event.answer.bindings ?? []).map(({ hostPort }) => hostPort)
        : [],
    ),
  );
  expect(published.size).toBe(20);
  const sockets = (await readSockets({ kind: "host" }))?.all();
  const lingering = sockets?.filter(
    ({ state, remotePort }) => state === "time-wait" && published.has(remotePort),
  );
  expect(lingering).toEqual([]);
});

test("on default pools the 31st network is one too many, and a wider pool has room for it", async () => {
  const argv = ["--n", "31", "--waves", "1", "--mode", "noports", "--services", "redis"];
  const narrow = await stress(...argv);
  const arm = armOf(narrow.summary, "noports");
  expect(arm.jobs).toEqual({ ok: 30, failed: 1, unfinished: 0 });
  expect(arm.failures).toMatchObject([
    { label: "NET_FAIL", class: "network.subnet_exhausted", count: 1 },
  ]);
  expect(causesOf(arm)).toEqual(["subnets_taken"]);
  expect(narrow.code).toBe(1);

  const daemonJson = join(narrow.out, "daemon.json");
  const pools = [{ base: "10.200.0.0/16", size: 24 }];
  writeFileSync(daemonJson, JSON.stringify({ "default-address-pools": pools }));
  const wide = await stress(...argv, "--daemon-json", daemonJson);
  expect(armOf(wide.summary, "noports").jobs).toEqual({ ok: 31, failed: 0, unfinished: 0 });
  expect(wide.code).toBe(0);
});

test("a fixed port that a host process holds is told from one that another container holds", async () => {
  const holder = createServer().listen(6379, "0.0.0.0");
  await once(holder, "listening");
  onTestFinished(() => {
    holder.close();
  });
  const { summary, code } = await stress(
    ...["--n", "1", "--waves", "1", "--mode", "ports-fixed", "--services", "redis"],
  );
  expect(armOf(summary, "ports-fixed").failures).toMatchObject([
    { label: "START_FAIL_redis", class: "port.rootlesskit_addport_in_use", count: 1 },
  ]);
  const arm = armOf(summary, "ports-fixed");
  expect(causesOf(arm)).toEqual(["host_listener"]);
  expect(arm.failures[0]?.causes[0]?.example).toContain(`(pid ${String(process.pid)}, user `);
  expect(code).toBe(1);
});
