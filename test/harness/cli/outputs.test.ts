/**
 * What a run is written as for other programs: where, whole or not at all, and what is refused before it starts.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { checkOutputs, writeOutputs, type Outputs } from "../../../harness/cli/outputs.ts";
import { writeWhole } from "../../../harness/cli/write-whole.ts";
import { judge } from "../../../harness/core/judge.ts";
import { arm, journalOf } from "../core/history.ts";

const SUMMARY = judge(
  journalOf({ arms: [arm("ports", 2)], waves: [{ arm: "ports" }, { arm: "ports" }] }),
);

const NONE: Outputs = { junit: null, openmetrics: null, benchmarkJson: null, github: false };

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-outputs-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const written = async (outputs: Partial<Outputs>) => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const thrown: unknown = await writeOutputs(
    SUMMARY,
    { ...NONE, ...outputs },
    { environment: {}, say },
  ).catch((error: unknown) => error);
  return { said, thrown };
};

test("each file holds its own format, and nothing else is left beside it", async () => {
  const directory = scratch();
  const at = (name: string): string => join(directory, name);
  const { thrown, said } = await written({
    junit: at("junit.xml"),
    openmetrics: at("stress.prom"),
    benchmarkJson: at("benchmark.json"),
  });
  expect([thrown, said]).toEqual([undefined, []]);
  expect(readdirSync(directory).toSorted()).toEqual(["benchmark.json", "junit.xml", "stress.prom"]);
  expect(readFileSync(at("junit.xml"), "utf8")).toMatch(/^<\?xml /);
  expect(readFileSync(at("stress.prom"), "utf8")).toMatch(/\n# EOF\n$/);
  expect(JSON.parse(readFileSync(at("benchmark.json"), "utf8"))).toHaveLength(2);
});

test("one that cannot be written costs none of the others, and its error is the one thrown", async () => {
  const directory = scratch();
  const gone = join(directory, "gone", "junit.xml");
  const { thrown, said } = await written({
    junit: gone,
    openmetrics: join(directory, "gone", "stress.prom"),
    benchmarkJson: join(directory, "benchmark.json"),
  });
  expect(thrown).toMatchObject({ code: "output", exitCode: 3 });
  expect(String(thrown)).toContain(`cannot write ${gone}: ENOENT`);
  expect(said).toEqual([expect.stringContaining("stress.prom: ENOENT")]);
  expect(readdirSync(directory)).toEqual(["benchmark.json"]);
});

test("a file that is there is replaced whole, a link to it is followed", async () => {
  const directory = scratch();
  writeFileSync(join(directory, "real.json"), "old".repeat(10_000));
  symlinkSync("real.json", join(directory, "link.json"));
  await written({ benchmarkJson: join(directory, "link.json") });
  expect(JSON.parse(readFileSync(join(directory, "real.json"), "utf8"))).toHaveLength(2);
  expect(readdirSync(directory).toSorted()).toEqual(["link.json", "real.json"]);
});

test("what cannot be written whole leaves what was there", () => {
  const directory = scratch();
  const path = join(directory, "report.json");
  writeFileSync(path, "old");
  // The name that it is written under first is taken by a directory.
  mkdirSync(`${path}.${String(process.pid)}.new`);
  expect(() => {
    writeWhole(path, "new");
  }).toThrow(/^cannot write \S+report\.json: EISDIR/);
  expect(readFileSync(path, "utf8")).toBe("old");
});

test.each<[string, (directory: string) => Partial<Outputs>, RegExp]>([
  [
    "a directory that is not there",
    (directory) => ({ junit: join(directory, "gone", "junit.xml") }),
    /^--junit \S+ cannot be written: ENOENT.*; name a file in a directory that can be$/,
  ],
  [
    "a directory in place of a file",
    (directory) => ({ openmetrics: directory }),
    /^--openmetrics \S+ is there and is no file: name a file$/,
  ],
  [
    "a stream, which renaming would replace",
    () => ({ benchmarkJson: "/dev/null" }),
    /^--benchmark-json \/dev\/null is there and is no file/,
  ],
  [
    "one file for two",
    (directory) => ({
      junit: join(directory, "x"),
      openmetrics: join(directory, ".", "x"),
    }),
    /^--openmetrics \S+ is another output's file as well$/,
  ],
])("%s is refused before anything starts", (_, outputs, message) => {
  expect.hasAssertions();
  try {
    checkOutputs({ ...NONE, ...outputs(scratch()) });
  } catch (error) {
    expect(error).toMatchObject({
      exitCode: 64,
      message: expect.stringMatching(message) as string,
    });
  }
});

test("what can be written is not touched by the check", () => {
  const directory = scratch();
  checkOutputs({ ...NONE, junit: join(directory, "junit.xml") });
  checkOutputs(NONE);
  expect(readdirSync(directory)).toEqual([]);
});

const toldGithub = async (github: boolean | null, environment: Record<string, string>) => {
  let text = "";
  const stderr = { write: (more: string) => (text += more) };
  await writeOutputs(SUMMARY, { ...NONE, github }, { environment, say: () => undefined }, stderr);
  return text;
};

test("in a step of GitHub Actions there are annotations, and the report is added to the step's summary", async () => {
  const path = join(scratch(), "summary.md");
  writeFileSync(path, "# of an earlier command\n");
  const environment = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: path };
  expect(await toldGithub(null, environment)).toMatch(
    /^::notice title=stress%3A HOLDS%3A 4 of 4 jobs OK::4 of 4 [^\n]*\n$/,
  );
  expect(readFileSync(path, "utf8")).toMatch(/^# of an earlier command\n# stress: HOLDS: 4 of 4/);
});

test("elsewhere GitHub is told nothing, nor where that is not wanted, but where it is", async () => {
  const path = join(scratch(), "summary.md");
  const step = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: path };
  expect(await toldGithub(false, step)).toBe("");
  expect(await toldGithub(null, { GITHUB_STEP_SUMMARY: path })).toBe("");
  expect(existsSync(path)).toBe(false);
  expect(await toldGithub(true, {})).toMatch(/^::notice /);
});

test("a step's summary that is full stays as it is", async () => {
  const path = join(scratch(), "summary.md");
  const full = "x".repeat(1024 * 1024);
  writeFileSync(path, full);
  await toldGithub(true, { GITHUB_STEP_SUMMARY: path });
  expect(readFileSync(path, "utf8")).toBe(full);
});

test.each<[string[], Partial<Outputs>]>([
  [[], { github: null }],
  [["--github"], { github: true }],
  [["--no-github"], { github: false }],
  [["--junit", "j.xml"], { junit: "j.xml" }],
  [["--openmetrics", "s.prom"], { openmetrics: "s.prom" }],
  [["--benchmark-json", "b.json"], { benchmarkJson: "b.json" }],
])("report takes %j", async (argv, outputs) => {
  const { command } = await readCommandLine(["report", ...argv], {});
  expect(command).toMatchObject({ options: { outputs: { ...NONE, github: null, ...outputs } } });
});

test("an output flag without a file is refused", async () => {
  await expect(readCommandLine(["report", "--junit", ""], {})).rejects.toThrow(
    /^--junit needs a value/,
  );
});
