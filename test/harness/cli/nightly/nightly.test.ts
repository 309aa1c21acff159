/**
 * `stress nightly` on the simulated engine, night after night, from its file to its exit code.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdUnlessHeld } from "../../../../docker/managed/exclusive.ts";
import { nightlyCommand } from "../../../../harness/cli/commands/nightly.ts";
import { createNarrator } from "../../../../harness/cli/narrator.ts";
import type { Event } from "../../../../harness/core/events.ts";
import { nightSchema } from "../../../../harness/core/nightly/night.ts";
import { millis } from "../../../../harness/core/units.ts";
import { readJournal } from "../../../../harness/run/journal.ts";
import type { Paint } from "../../../../reports/paint.ts";
import { writeJournal } from "../../run/write-journal.ts";
import { runsDirectory } from "../nights.ts";

const same = (words: string): string => words;
const paint: Paint = { good: same, bad: same, dim: same, bold: same };

/** A machine with a file for its nights, and no nights yet. */
const machine = (settings = "") => {
  const directory = runsDirectory();
  const runs = join(directory, "runs");
  const stateDir = join(directory, "state");
  const config = join(directory, "nightly.yaml");
  const write = (more: string, expectation: string | null = null): void => {
    const expected = expectation === null ? "" : `, expect: "${expectation}"`;
    const run = `engine: fake, n: 2, mode: noports, services: redis, waves: 4${expected}`;
    writeFileSync(config, `runs: ${runs}\nrun: { ${run} }\n${more}\n`);
  };
  write(settings);
  const night = async () => {
    let printed = "";
    const said: string[] = [];
    const controller = new AbortController();
    const narrator = createNarrator({
      stderr: { write: () => undefined },
      level: "silent",
      format: "text",
    });
    const code = await nightlyCommand(
      { config, json: true, units: null },
      {
        argv: [],
        environment: {},
        stateDir,
        signal: controller.signal,
        cancel: (reason) => {
          controller.abort(reason);
        },
        interruptedBy: () => null,
        narrator,
        say: (line) => said.push(line),
        print: (text) => (printed += text),
        paint,
      },
    );
    return { code, said, night: nightSchema.parse(JSON.parse(printed)) };
  };
  return { runs, stateDir, directory, night, write };
};

/** Rewrites a night as if its bursts had taken a millisecond. */
const quicken = (runs: string, run: string): void => {
  const path = join(runs, run, "events.ndjson");
  let gate = 0;
  const events = [...readJournal(path)].map((event): Event => {
    if (event.event === "gate.opened") gate = event.at;
    return event.event === "burst.ended" ? { ...event, at: millis(gate + 1) } : event;
  });
  rmSync(path);
  writeJournal(path, events);
};

test(
  "night after night: unknown without a baseline, held against it, and an alarm when a second run confirms it",
  { timeout: 60_000 },
  async () => {
    const { night, runs, directory, write } = machine();
    // Chance makes one burst slower than another, but not a hundred times.
    const junit = join(directory, "stress.xml");
    write(`slower: 100\noutputs: { junit: ${junit} }`);
    const first = await night();
    expect(first).toMatchObject({
      code: 2,
      night: { baseline: [], regression: "unknown", expectations: [], simulated: true },
    });
    expect(first.night.reasons).toEqual([expect.stringContaining("there is no baseline yet")]);
    expect(readFileSync(junit, "utf8")).toContain("<testsuite");
    const left = readFileSync(join(runs, first.night.run, "nightly.json"), "utf8");
    expect(nightSchema.parse(JSON.parse(left))).toEqual(first.night);

    write("slower: 100", "median(burst, *) < 100 * baseline");
    const second = await night();
    expect(second).toMatchObject({
      code: 0,
      night: {
        baseline: [first.night.run],
        regression: "none",
        confirmation: null,
        expectations: [{ verdict: "holds" }],
      },
    });

    for (const { run } of [first.night, second.night]) quicken(runs, run);
    write("slower: 2");
    const third = await night();
    expect(third).toMatchObject({
      code: 1,
      night: {
        baseline: [first.night.run, second.night.run],
        regression: "confirmed",
        worse: ["noports/n2"],
      },
    });
    expect(third.said).toContain("a regression is suspected (noports/n2): running again");
    expect(readdirSync(runs)).toContain(third.night.confirmation);

    // Still held against the nights before it was worse; without a second run the suspicion is the alarm.
    write("slower: 2\nconfirm: false");
    expect(await night()).toMatchObject({
      code: 1,
      night: { baseline: [first.night.run, second.night.run], confirmation: null },
    });
  },
);

test("a second nightly run on the machine is refused at once, with exit 3", async () => {
  const { night, stateDir, runs } = machine();
  const release = await holdUnlessHeld(`nightly ${stateDir}`);
  await expect(night()).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining("another nightly run") as string,
  });
  expect(existsSync(runs)).toBe(false);
  release?.();
});

test("a baseline that is no run is refused before anything is started", async () => {
  const { night, directory } = machine("baseline: { run: 20261101-040000-abcd }");
  await expect(night()).rejects.toMatchObject({ exitCode: 64 });
  expect(readdirSync(directory)).toEqual(["nightly.yaml"]);
});
