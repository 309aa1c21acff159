/**
 * A sweep from the command to its report, on the simulated engine.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { FakeEngineOptions } from "../../../docker/fake/options.ts";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { sweepCommand, type SweepOptions } from "../../../harness/cli/commands/sweep.ts";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import type { Shell } from "../../../harness/cli/shell.ts";
import { sweepSchema } from "../../../harness/core/sweep/sweep.ts";

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-sweep-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const isSweep = (options: unknown): options is SweepOptions =>
  typeof options === "object" && options !== null && "from" in options && "run" in options;

const optionsOf = async (argv: readonly string[]): Promise<SweepOptions> => {
  const { command } = await readCommandLine(["sweep", ...argv], {});
  if (!isSweep(command.options)) throw new Error(JSON.stringify(command));
  return command.options;
};

const sweep = async (out: string, ...argv: readonly string[]) => {
  const controller = new AbortController();
  let printed = "";
  const narrator = createNarrator({
    stderr: { write: () => true },
    level: "silent",
    format: "text",
  });
  const plain = (text: string): string => text;
  const shell: Shell = {
    argv: [],
    environment: {},
    stateDir: join(out, "state"),
    signal: controller.signal,
    cancel: (reason) => {
      controller.abort(reason);
    },
    interruptedBy: () => null,
    narrator,
    say: narrator.say,
    print: (text) => (printed += text),
    paint: { good: plain, bad: plain, dim: plain, bold: plain },
  };
  const code = await sweepCommand(await optionsOf([...argv, "--out", out]), shell);
  return { code, printed };
};

const NOPORTS = ["--mode", "noports", "--services", "redis"];

/** A daemon.json with room for seven networks of jobs. */
const roomForSeven = (out: string): readonly string[] => {
  const path = join(out, "daemon.json");
  const pools = [{ base: "10.231.0.0/25", size: 28 }];
  writeFileSync(path, JSON.stringify({ "default-address-pools": pools }));
  return ["--engine", "fake", "--daemon-json", path];
};

test("a sweep finds the number of networks at which the address pools are exhausted", async () => {
  const out = scratch();
  const argv = [...roomForSeven(out), ...NOPORTS, "--n", "1..16,7,8,12"];
  const { code, printed } = await sweep(out, ...argv, "--json");
  const told = sweepSchema.parse(JSON.parse(printed));
  expect(told).toMatchObject({ verdict: "measured", simulated: true, curves: { length: 1 } });
  const [curve] = told.curves;
  expect(curve?.points.map(({ n, failed }) => [n, failed])).toEqual([
    ...[1, 2, 4, 7].map((n) => [n, 0]),
    ...[8, 12, 16].map((n) => [n, 3 * (n - 7)]),
  ]);
  expect(curve?.onset).toMatchObject({ clean: { n: 7 }, first: { n: 8, rate: { failed: 3 } } });
  const { failures } = curve ?? {};
  if (failures?.kind !== "rises") throw new Error(printed);
  // Half of the jobs fail at 14.
  expect(failures.n50.low).toBeLessThan(14);
  expect(failures.n50.high).toBeGreaterThan(14);
  // Of those waves in which nothing failed.
  expect(curve?.times).toMatchObject({ waves: 12, leftOut: 9 });
  expect(code).toBe(0);

  const directory = join(out, "latest");
  expect(readFileSync(join(directory, "sweep.json"), "utf8")).toBe(printed);
  expect(readFileSync(join(directory, "sweep.md"), "utf8")).toMatch(
    /^# Sweep of run .*\n\n\*\*MEASURED \(SIMULATED\): 21 waves at 7 numbers of jobs\*\*\n/,
  );
  // The command that asks for the same again is a sweep.
  const summary: unknown = JSON.parse(readFileSync(join(directory, "summary.json"), "utf8"));
  expect(summary).toMatchObject({ command: expect.arrayContaining(["sweep"]) as unknown });

  const again = await sweep(out, "--from", "latest", "--json");
  expect(again).toEqual({ code, printed });
  expect((await sweep(out, "--from", "latest")).printed).toMatch(
    /\n- failures begin above N=7, where none did: 0 of 21 .*first seen at N=8: 3 of 24 .*\n- N5 = /,
  );
}, 60_000);

/** An engine that goes on while the test does, and how to reach it. */
const engineWith = async (options: Omit<FakeEngineOptions, "socketPath">) => {
  const engine = await startFakeEngine({ socketPath: join(scratch(), "docker.sock"), ...options });
  onTestFinished(() => engine.stop());
  return ["--host", `unix://${engine.socketPath}`];
};

test("faults that do not go with N leave the sweep unknown", async () => {
  const host = await engineWith({
    seed: "faults",
    faults: [
      {
        ...{ kind: "refuse", operation: "network.create", probability: 0.2 },
        ...{ status: 500, message: "no luck" },
      },
    ],
  });
  const { code, printed } = await sweep(scratch(), ...host, ...NOPORTS, "--n", "2..8");
  expect(printed).toContain(
    "- that the more are started at once the more of them fail is not shown",
  );
  expect(printed).toMatch(/\nUNKNOWN: not clear where failures begin\n$/);
  expect(code).toBe(2);
}, 60_000);

test("without failures the sweep says up to where, and what each further job costs", async () => {
  const host = await engineWith({ seed: "quiet", latency: { perCall: 2 } });
  const { code, printed } = await sweep(scratch(), ...host, ...NOPORTS, "--n", "1..8");
  expect(printed).toMatch(
    /\n- no job failed up to N=8: there 0 of 24 \(0–14 %\)\n- N50 is above 8; /,
  );
  expect(printed).toMatch(/\n- burst: \S+ for one job, and .* a serial share of .* at most, on /);
  expect(code).toBe(0);
}, 60_000);

test.each([
  [[], { from: null, run: { ns: [1, 2, 4, 8, 16, 32, 64], modes: ["ports", "noports"] } }],
  [["--n", "1..64:16"], { run: { ns: [1, 16, 32, 48, 64] } }],
  [["--n", "1,4", "--n", "30..32:1"], { run: { ns: [1, 4, 30, 31, 32] } }],
  [["--n", "12", "--waves", "5"], { run: { ns: [12], waves: 5 } }],
  [["--from", "k3x9"], { from: "k3x9" }],
])("sweep %j is read as %o", async (argv, expected) => {
  expect(await optionsOf(argv)).toMatchObject(expected);
});

test.each([
  [["--n", "64..1"], /^--n "64\.\.1": 64\.\.1 ends before it begins/],
  [["--from", "latest", "--n", "4"], /^--from looks at a recorded run and starts nothing/],
  [["--from", "latest", "--dry-run"], /^--from looks at a recorded run and starts nothing/],
  [["--keep-failed"], /are for stress run$/],
  [["--until", "verdict"], /are for stress run$/],
  [["--baseline", "latest"], /are for stress run$/],
])("sweep %j is refused", async (argv, words) => {
  await expect(readCommandLine(["sweep", ...argv], {})).rejects.toThrow(words);
});

test("of a run that there is not, nothing is said", async () => {
  await expect(sweep(scratch(), "--from", "other")).rejects.toThrow('there is no run "other"');
});

test("--dry-run starts nothing and prints the calls of every N", async () => {
  const { code, printed } = await sweep(
    scratch(),
    ...["--engine", "fake", ...NOPORTS, "--n", "1..4", "--waves", "1", "--dry-run"],
  );
  expect(code).toBe(0);
  expect(printed).toContain("noports/n4");
});
