/**
 * Which arms the flags of a run ask for, by scenario and runner, and what is refused.
 */
import { expect, test } from "vitest";
import { readProfile } from "../../../docker/managed/builtin-profiles.ts";
import { armsAskedFor } from "../../../harness/cli/arms-asked-for.ts";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import type { RunOptions } from "../../../harness/cli/run-options.ts";
import { armOf } from "../../../harness/core/arms.ts";
import { SCENARIOS } from "../../../scenarios/catalogue.ts";

const isRun = (options: unknown): options is RunOptions =>
  typeof options === "object" && options !== null && "runners" in options;

const asked = async (...argv: readonly string[]): Promise<readonly string[] | null> => {
  const { command } = await readCommandLine(["run", ...argv], {});
  if (!isRun(command.options)) throw new Error(JSON.stringify(command));
  const { options } = command;
  const scenario = SCENARIOS[options.scenario];
  if (scenario === undefined) throw new Error(options.scenario);
  const profiles = options.profiles.length === 0 ? null : options.profiles.map(readProfile);
  return (
    armsAskedFor(options, scenario, profiles)?.map((spec) => armOf(spec, scenario.name).id) ?? null
  );
};

test("without a runner, a profile or a mitigation, modes and numbers of jobs say it all", async () => {
  expect(await asked()).toBeNull();
});

test("a runner stands beside our own calls, in the modes that it has", async () => {
  expect(await asked("--runner", "github,gitlab", "--n", "4")).toEqual([
    "api/ports/n4",
    "github/ports/n4",
    "api/noports/n4",
    "gitlab/noports/n4",
  ]);
  expect(await asked("--runner", "gitlab", "--n", "4")).toEqual([
    "api/noports/n4",
    "gitlab/noports/n4",
  ]);
});

test("every variant of routes is an arm, at four jobs; --variant chooses", async () => {
  expect(await asked("--scenario", "routes")).toEqual(
    ["app_stage", "BACK_FRONT", "internal-back", "gateway-priority", "reversed", "one-network"].map(
      (variant) => `${variant}/n4`,
    ),
  );
  expect(await asked("--scenario", "routes", "--variant", "BACK_FRONT", "--n", "2")).toEqual([
    "BACK_FRONT/n2",
  ]);
});

test("what is the same under every profile is measured once for each kind of engine", async () => {
  expect(
    await asked("--scenario", "datapath", "--profile", "default,no-userland-proxy,rootful"),
  ).toEqual([
    "default/process/n1",
    "default/host/n1",
    "default/noports/n1",
    "default/ports/n1",
    "no-userland-proxy/ports/n1",
    "rootful/host/n1",
    "rootful/noports/n1",
    "rootful/ports/n1",
  ]);
});

test.each([
  [
    "--runner gitlab --mode ports",
    "--runner gitlab has none of these modes (ports): --mode noports",
  ],
  ["--mode host", "--mode host: scenario stacks has no such mode; it has ports, ports-fixed"],
  ["--scenario routes --runner github", "--runner is for --scenario stacks"],
  ["--variant BACK_FRONT", "--variant is for --scenario routes"],
  ["--scenario routes --variant FRONT", '--variant "FRONT" is not one of app_stage, BACK_FRONT'],
  ["--scenario routes --variant=", "--variant needs a value"],
  ["--scenario routes --mitigation retry:3", "--mitigation is for --scenario stacks"],
  ["--scenario datapath --n 4", "--n: scenario datapath measures one way at a time"],
  ["--scenario datapath --engine fake", "--engine fake: scenario datapath measures what"],
  ["--profile rootful", "--profile rootful: its ports are published in a namespace of its own"],
])("%s is refused in one line", async (argv, words) => {
  await expect(asked(...argv.split(" "))).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining(words) as unknown,
  });
});

test("a plan can be looked at without an engine, whatever it measures", async () => {
  expect(await asked("--scenario", "datapath", "--engine", "fake", "--dry-run")).toHaveLength(4);
});

test("a sweep is of stacks", async () => {
  await expect(readCommandLine(["sweep", "--scenario", "routes"], {})).rejects.toMatchObject({
    message: expect.stringContaining("a sweep is of stacks") as unknown,
  });
});
