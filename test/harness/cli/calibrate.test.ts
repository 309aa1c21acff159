/**
 * Attribution scored against known truth: the whole way from the command to its report, on the simulated engine.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  calibrateCommand,
  type CalibrateOptions,
} from "../../../harness/cli/commands/calibrate.ts";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import type { Shell } from "../../../harness/cli/shell.ts";
import { calibrationSchema } from "../../../harness/core/calibration.ts";
import { CALIBRATED_KINDS } from "../../../harness/core/calibration-schedule.ts";

const SEED = "calibration";

const calibrate = async (changes: Partial<CalibrateOptions>) => {
  const out = mkdtempSync(join(tmpdir(), "stress-calibrate-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true });
  });
  const controller = new AbortController();
  const said: string[] = [];
  const printed: string[] = [];
  const sink = { write: (text: string) => said.push(text) };
  const narrator = createNarrator({ stderr: sink, level: "info", format: "text" });
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
    print: (text) => printed.push(text),
    paint: { good: plain, bad: plain, dim: plain, bold: plain },
  };
  const options: CalibrateOptions = {
    engine: { kind: "fake" },
    faults: null,
    kinds: CALIBRATED_KINDS,
    seed: SEED,
    images: null,
    out,
    json: false,
    ...changes,
  };
  const code = await calibrateCommand(options, shell);
  const told: unknown = JSON.parse(readFileSync(join(out, "latest", "calibration.json"), "utf8"));
  return { code, out, told, printed: printed.join(""), said: said.join("") };
};

/** The live suite has a thousand. */
test("250 seeded faults are all met and attributed right, and nobody else is accused", async () => {
  const { code, told, printed } = await calibrate({ faults: 250 });
  const calibration = calibrationSchema.parse(told);
  expect(calibration.injected).toBe(250);
  expect(calibration.fates).toEqual({ met: 250, absorbed: 0, untouched: 0 });
  expect(calibration.scores).toEqual({ right: 250, wrong: 0, open: 0 });
  // In waves of their own, jobs fail by each other.
  const { failed, accused } = calibration.bystanders;
  expect(accused).toBe(0);
  expect(failed).toBeGreaterThan(125);
  expect(calibration.specificity).toMatchObject({ hits: failed, of: failed });
  expect(calibration.confusion).toContainEqual({
    ...{ truth: null, attributed: "same_run", cases: failed },
  });
  expect(calibration.causes.map(({ cause }) => cause)).toEqual([
    "outbound_connection",
    "host_listener",
    "time_wait",
    "other_engine",
    "leaked_forward",
    "subnets_taken",
    "name_taken",
    "daemon_paused",
  ]);
  expect(printed).toMatch(/^250 faults injected: 250 met\n250 of 250 attributed right/);
  expect(code).toBe(0);
}, 120_000);

test("--json prints the schema and nothing else, and the same is kept beside the journal", async () => {
  const { printed, told, out } = await calibrate({ faults: 4, kinds: ["occupy"], json: true });
  expect(JSON.parse(printed)).toEqual(told);
  expect(told).toMatchObject({
    schema: "stress.calibration/1",
    seed: SEED,
    simulated: true,
    injected: 4,
    faults: { length: 4 },
  });
  expect(readFileSync(join(out, "latest", "calibration.md"), "utf8")).toMatch(
    /^## Injected against attributed\n/,
  );
});

test("calibrate is refused on an engine that others may use", async () => {
  await expect(readCommandLine(["calibrate", "--engine", "auto"], {})).rejects.toThrow(
    "calibrate needs an engine that nobody else uses",
  );
});

test.each([
  [[], { engine: { kind: "managed" }, faults: null, kinds: CALIBRATED_KINDS }],
  [["--engine", "fake", "--faults", "7"], { engine: { kind: "fake" }, faults: 7 }],
  [["--only", "occupy,name-clash"], { kinds: ["occupy", "name-clash"] }],
])("calibrate %j is read as %o", async (argv, expected) => {
  const { command } = await readCommandLine(["calibrate", ...argv], {});
  expect(command.options).toMatchObject(expected);
});
