import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { StressError } from "../../../harness/core/errors.ts";

const read = async (...argv: string[]) => (await readCommandLine(argv, {})).command;

const runOf = async (...argv: string[]) => {
  const command = await read(...argv);
  expect(command.name).toBe("run");
  return command.options;
};

test("without words it is a run of 1 and of 16 jobs, 3 waves, with ports and without", async () => {
  expect(await runOf()).toMatchObject({
    ns: [1, 16],
    modes: ["ports", "noports"],
    waves: 3,
    ports: "all",
    services: [],
    engine: { kind: "auto" },
    images: null,
    timeout: 60_000,
    json: false,
  });
  expect(await runOf("run")).toEqual(await runOf());
});

test.each([
  [["--mode", "noports,ports-fixed"]],
  [["--mode", "noports", "--mode", "ports-fixed"]],
  [["--mode", "noports,noports", "--mode", "ports-fixed"]],
])("modes come as a list or repeated: %j", async (argv) => {
  expect(await runOf(...argv)).toMatchObject({ modes: ["noports", "ports-fixed"] });
});

test.each([
  [["--engine", "managed"], { kind: "managed" }],
  [["--engine", "/opt/engine"], { kind: "directory", path: "/opt/engine" }],
  [["--host", "unix:///s"], { kind: "auto", host: "unix:///s" }],
  [["--context", "ci"], { kind: "auto", context: "ci" }],
])("%j chooses the engine", async (argv, engine) => {
  expect(await runOf(...argv)).toMatchObject({ engine });
});

test.each([
  [["--n", "0"], /^--n must be a whole number from 1 to 10000, not "?0"?/],
  [["--n", "many"], /^--n must be a whole number/],
  [["--n", "4,none"], /^--n must be a whole number/],
  [["--n", ","], /^--n needs a value/],
  [["--waves", "1.5"], /^--waves must be a whole number/],
  [["--timeout", "-1"], /^--timeout must be a whole number/],
  [["--mode", "port"], /^--mode "port" is not one of ports, ports-fixed/],
  [["--mode", ""], /^--mode needs a value/],
  [["--n"], /n/],
  [["--", "--n", "3"], /behind --/],
  [["--services", ","], /^--services needs at least one name/],
  [["--ports", "some"], /Choices: "all", "minimal"/],
  [["--frobnicate"], /frobnicate.*see stress --help/],
  [["frobnicate"], /frobnicate.*see stress --help/],
  [["--engine", "managed", "--host", "unix:///s"], /brings its own engine/],
  [["--host", "unix:///a", "--context", "b"], /exclude each other/],
  [["--daemon-json", "d.json"], /add --engine managed/],
  [["--config", "/nonexistent.yaml"], /^--config \/nonexistent.yaml: ENOENT/],
  [["engine"], /action/],
  [["engine", "sideways"], /sideways/],
  [["--n", "1,,2"], /^--n has an empty item: "1,,2"/],
  [["--n", ",1"], /^--n has an empty item: ",1"/],
  [["--mode", "ports,"], /^--mode has an empty item: "ports,"/],
  [["calibrate", "--only", ",stop"], /^--only has an empty item/],
  [["doctor", "--", "8080"], /behind --/],
  [["--", "classify"], /behind --/],
  [["classify", "--", "one", "two"], /one message, in quotes, and not also "two"/],
])("%j is refused in one line that names what is wrong", async (argv, message) => {
  const refused = read(...argv);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(StressError);
  await expect(refused).rejects.toHaveProperty("exitCode", 64);
  await expect(refused).rejects.not.toThrow(/\n/);
});

test("flags beat STRESS_*, which beats the config file", async () => {
  const directory = mkdtempSync(join(tmpdir(), "config-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, "stress.yaml");
  writeFileSync(file, "n: 2\nwaves: 2\nmode: [noports]\n");
  const environment = { STRESS_N: "3", STRESS_WAVES: "3", STRESS_JSON: "true", STRESS_TOKEN: "x" };
  const { command } = await readCommandLine(["--config", file, "--n", "4"], environment);
  expect(command).toMatchObject({
    name: "run",
    options: { ns: [4], waves: 3, modes: ["noports"], json: true },
  });
});

test.each(["explain", "repro", "report"])("%s without a run is about the latest", async (name) => {
  expect(await read(name)).toMatchObject({ name, options: { run: "latest" } });
  expect(await read(name, "k3x9")).toMatchObject({ options: { run: "k3x9" } });
});

test.each([
  [["classify", "--", "-p 80: address already in use"], "-p 80: address already in use", null],
  [["classify", "--phase", "exec", "--", "--config"], "--config", "exec"],
  [["classify", "--", "run"], "run", null],
  [["classify", "--", "-x=1.50"], "-x=1.50", null],
])("%j classifies what stands behind --", async (argv, message, phase) => {
  expect(await read(...argv)).toMatchObject({ name: "classify", options: { message, phase } });
});

test("a variable for a flag of run does not stand in the way of another command", async () => {
  const { command } = await readCommandLine(["clean"], { STRESS_N: "3", STRESS_OUT: "/o" });
  expect(command).toMatchObject({ name: "clean", options: { run: null, purge: false } });
});

test("clean refuses an empty run id: it would match whatever has no run", async () => {
  await expect(read("clean", "")).rejects.toThrow("the run's id is empty");
});

test("an unknown key in a config file is refused", async () => {
  const directory = mkdtempSync(join(tmpdir(), "config-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, "stress.yaml");
  writeFileSync(file, "jobs: 2\n");
  await expect(read("--config", file)).rejects.toThrow(/jobs/);
});

test.each([
  [["--help"], /--mode.*\n[^]*--keep-failed/],
  [["clean", "--help"], /--purge/],
  [["--version"], /^\d+\.\d+\.\d+$/],
])("%j is answered with text", async (argv, text) => {
  const command = await read(...argv);
  expect(command).toMatchObject({
    name: "text",
    options: { text: expect.stringMatching(text) as string },
  });
});
