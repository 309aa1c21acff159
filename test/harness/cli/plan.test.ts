import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { planCommand, type PlanOptions } from "../../../harness/cli/commands/plan.ts";
import { seconds } from "../../../harness/core/units.ts";
import { arm, journalOf } from "../core/history.ts";

const optionsOf = async (...argv: string[]) =>
  (await readCommandLine(["plan", ...argv], {})).command.options;

test("the rates are enough", async () => {
  expect(await optionsOf("--detect", "12.5%:0")).toMatchObject({
    rates: { first: 0.125, second: 0 },
    jobs: 16,
    power: 0.8,
    alpha: 0.05,
    designEffect: null,
    waveTime: null,
    from: null,
    modes: [],
  });
});

test("everything can be said", async () => {
  const argv =
    "--detect 0.1:5% --power 90% --alpha 1% --n 40 --design-effect 1.5 --wave-time 1.5min";
  expect(
    await optionsOf(...argv.split(" "), "--from", "latest", "--mode", "ports,noports"),
  ).toMatchObject({
    rates: { first: 0.1, second: 0.05 },
    jobs: 40,
    power: 0.9,
    alpha: 0.01,
    designEffect: 1.5,
    waveTime: 90_000,
    from: "latest",
    modes: ["ports", "noports"],
  });
});

test.each([
  [[], /^plan needs --detect: the two failure rates/],
  [["--detect", "12%"], /^--detect: "12%" is not two failure rates, like 12.5%:0%/],
  [["--detect", "1%:2%:3%"], /is not two failure rates/],
  [["--detect", "many:0%"], /^--detect: "many" is not a share from 0 % and below 100 %/],
  [["--detect", "120%:0%"], /^--detect: "120%" is not a share/],
  [["--detect", "1%:0.01"], /^--detect: the two rates are the same/],
  [["--detect", "1%:0%", "--power", "0%"], /^--power: "0%" is not a share above 0 %/],
  [["--detect", "1%:0%", "--design-effect", "0.5"], /^--design-effect must be a number from 1/],
  [["--detect", "1%:0%", "--wave-time", "30"], /^--wave-time: "30" is not a duration, like 30s/],
  [["--detect", "1%:0%", "--n", "0"], /^--n must be a whole number/],
  [["--detect", "1%:0%", "--mode", "ports"], /^--mode chooses among the arms of a run: add --from/],
  [["--detect", "1%:0%", "--from", "x", "--mode", "port"], /^--mode "port" is not one of/],
])("%j is refused", async (argv, words) => {
  await expect(optionsOf(...argv)).rejects.toThrow(words);
});

const recorded = (): string => {
  const out = mkdtempSync(join(tmpdir(), "stress-plan-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true });
  });
  const waves = ["ports", "noports", "noports", "ports"].map((each) => ({ arm: each }));
  const events = journalOf({ arms: [arm("ports", 2), arm("noports", 2)], waves });
  mkdirSync(join(out, "k3x9"));
  writeFileSync(
    join(out, "k3x9", "events.ndjson"),
    events.map((event) => `${JSON.stringify(event)}\n`).join(""),
  );
  return out;
};

const ask = (options: Partial<PlanOptions>): string => {
  let printed = "";
  const code = planCommand(
    {
      rates: { first: 0.125, second: 0 },
      jobs: 16,
      power: 0.8,
      alpha: 0.05,
      designEffect: null,
      waveTime: null,
      assumedWaveTime: seconds(30),
      from: null,
      modes: [],
      out: "runs",
      json: false,
      ...options,
    },
    {
      print: (text) => {
        printed += text;
      },
    },
  );
  expect(code).toBe(0);
  return printed;
};

test("without a run it says what was assumed", () => {
  expect(ask({})).toContain(
    "4m00s: two arms, 60.0s a block (assumed: --from RUN takes those of a run like it)",
  );
  expect(ask({ waveTime: seconds(10), designEffect: 2 })).toContain(
    "2m40s: two arms, 20.0s a block (as given)",
  );
});

test("with a run it takes the run's times and design effect", () => {
  const out = recorded();
  expect(ask({ out, from: "k3x9", jobs: 2 })).toContain("(run k3x9: ports, noports)");
  expect(ask({ out, from: "k3x9", jobs: 2, modes: ["ports"] })).toContain(
    "design effect      1 (run k3x9: ports; its waves do not tell)",
  );
});

test("a run without such an arm is refused, with the arms that it has", () => {
  const out = recorded();
  expect(() => ask({ out, from: "k3x9" })).toThrow(
    /^--from k3x9: no arm like this has finished a wave \(--n 16\); its arms are ports, noports/,
  );
});
