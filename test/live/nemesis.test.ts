/**
 * Every kind of trouble, on throw-away engines with real ports and real processes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import { identify } from "../../docker/managed/processes.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { openEngine, runtimeOf } from "../../harness/cli/engine-session.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import { openTrouble } from "../../harness/cli/trouble.ts";
import { calibrationOf } from "../../harness/core/calibration.ts";
import { history } from "../../harness/core/history.ts";
import { seconds } from "../../harness/core/units.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { systemClock } from "../../harness/run/clock.ts";
import { readJournal } from "../../harness/run/journal.ts";
import { troubleContract } from "../contract/trouble.ts";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

troubleContract("live engine", async () => {
  const cleanup = new CleanupStack();
  const engine = { kind: "managed" } as const;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const signal = AbortSignal.timeout(600_000);
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const options = { stateDir, daemonJson: null, say, environment: process.env, signal };
  const session = await openEngine(engine, options, cleanup);
  const set = resolveImageSet("debian");
  const { redis } = set.images;
  if (redis === undefined) throw new Error("the set has no redis");
  const { ids } = await ensureImages({
    set: { ...set, images: { redis } },
    docker: session.docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  return {
    runtime: await runtimeOf(session, {
      clock: systemClock(),
      images: ids,
      readyDeadline: seconds(60),
      shared: false,
    }),
    images: set,
    troublemaker: (asked) =>
      openTrouble(
        { session, engine, owner: "contract", ...asked },
        { stateDir, say, signal },
        cleanup,
      ),
    close: () => cleanup[Symbol.asyncDispose](),
  };
});

const SMALL = ["--engine", "managed", "--waves", "1", "--services", "redis"];

test("a daemon that is killed in the middle of a burst is named as the cause in the report", async () => {
  const out = outDirectory();
  const argv = ["run", ...SMALL, "--n", "6", "--mode", "ports", "--nemesis", "kill-daemon"];
  const { code, stderr } = await runStress([...argv, "--out", out]);
  const events = [...readJournal(join(out, "latest", "events.ndjson"))];
  const calibration = calibrationOf(history(events), { quiet: true });
  expect(calibration?.faults, stderr).toMatchObject([
    { kind: "kill-daemon", truth: "daemon_gone", fate: "met", score: "right" },
  ]);
  expect(readFileSync(join(out, "latest", "report.md"), "utf8")).toContain("daemon_gone");
  expect(code).toBe(3);
});

test("a harness that is killed in the middle of a burst leaves its fault in the journal, and nothing on the machine", async () => {
  const out = outDirectory();
  const argv = ["run", ...SMALL, "--n", "4", "--mode", "ports", "--nemesis", "kill-runner"];
  const { signal, stderr } = await runStress([
    ...[...argv, "--nemesis", "occupy:2:listener", "--out", out],
  ]);
  expect(signal, stderr).toBe("SIGKILL");
  const events = [...readJournal(join(out, "latest", "events.ndjson"))];
  const kinds = events.flatMap((each) => (each.event === "fault.injected" ? [each.fault] : []));
  expect(kinds.map(({ kind }) => kind)).toEqual(["occupy", "occupy", "kill-runner"]);
  expect(events.at(-1)?.event).not.toBe("run.ended");

  // Whoever held the ports ends with the harness, and the next command takes the engine down.
  const holders = kinds.slice(0, 2).map(({ note }) => Number(/of pid (\d+)$/.exec(note)?.[1]));
  await expect.poll(() => holders.map(identify)).toEqual([null, null]);
  expect((await runStress(["clean"])).code).toBe(0);
  const record = events.find((each) => each.event === "run.started")?.engine.address ?? "";
  expect((await runStress(["engine", "list"])).stdout).not.toContain(record.split(" ")[0]);
});

test("a run in trouble names the cause where it names the failure", async () => {
  const out = outDirectory();
  const argv = ["run", ...SMALL, "--n", "4", "--mode", "ports-block", "--json", "--out", out];
  const finished = await runStress([...argv, "--nemesis", "occupy:2:outbound"]);
  const [block] = summaryOf(finished).arms;
  expect(block?.jobs).toEqual({ ok: 2, failed: 2, unfinished: 0 });
  expect(block?.failures).toMatchObject([
    {
      class: "port.rootlesskit_addport_in_use",
      count: 2,
      causes: [{ cause: "outbound_connection", certainty: "inferred", count: 2 }],
    },
  ]);
  expect(finished.code).toBe(1);
});
