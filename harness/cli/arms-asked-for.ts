/**
 * Which arms a run's flags ask for, scenario by scenario.
 */
import { crossed } from "../core/arms.ts";
import { StressError, unreachable } from "../core/errors.ts";
import type { Mode, RoutesScenario, Scenario } from "../core/model.ts";
import { MODE_RULES } from "../core/modes.ts";
import type { ArmSpec } from "../core/plan-request.ts";
import type { Profile } from "../core/profile.ts";
import type { RunnerName } from "../core/runners/runner-names.ts";
import { RUNNER_RULES } from "../core/runners/runner-rules.ts";
import type { RunOptions } from "./run-options.ts";

const usage = (message: string): never => {
  throw new StressError("usage", message);
};

/** Modes and flags that this scenario has nothing to do with. */
const refuseStrangers = (
  { modes, runners, variants, mitigations, engine, dryRun }: RunOptions,
  { kind, name }: Scenario,
): void => {
  if (kind !== "stacks" && engine.kind === "fake" && !dryRun) {
    usage(`--engine fake: scenario ${name} measures what a simulation does not have`);
  }
  const stranger = modes.find((mode) => !MODE_RULES[mode].scenarios.includes(kind));
  if (stranger !== undefined) {
    const known = Object.entries(MODE_RULES).filter(([, { scenarios }]) =>
      scenarios.includes(kind),
    );
    usage(
      `--mode ${stranger}: scenario ${name} has no such mode; it has ${known.map(([mode]) => mode).join(", ")}`,
    );
  }
  if (kind !== "stacks" && runners.length > 0) {
    usage(`--runner is for --scenario stacks: ${name} is no runner's job`);
  }
  if (kind !== "routes" && variants.length > 0) {
    usage(`--variant is for --scenario routes: ${name} has none`);
  }
  if (kind !== "stacks" && mitigations.length > 0) {
    usage(`--mitigation is for --scenario stacks: ${name} has failures of another kind`);
  }
};

/** The measurements of a way in go into the namespace of a rootful engine; probes of the harness do not. */
const refuseRootful = (
  { modes }: RunOptions,
  { kind }: Scenario,
  profiles: readonly Profile[],
): void => {
  const rootful = profiles.find((profile) => profile.rootful);
  const publishing = modes.find((mode) => MODE_RULES[mode].publish !== null);
  if (rootful === undefined || publishing === undefined || kind === "datapath") return;
  usage(
    `--profile ${rootful.name}: its ports are published in a namespace of its own, where jobs are not: --mode noports`,
  );
};

/** Each with ours beside it; a mode that a runner does not have is left out of its arms. */
const stackArms = (
  { modes, runners, ns, mitigations }: RunOptions,
  profiles: readonly string[],
): readonly ArmSpec[] => {
  const compared: readonly RunnerName[] =
    runners.length === 0 ? [] : ["api", ...runners.filter((each) => each !== "api")];
  for (const runner of compared) {
    const own = RUNNER_RULES[runner].modes;
    if (modes.some((mode) => own.includes(mode))) continue;
    usage(
      `--runner ${runner} has none of these modes (${modes.join(", ")}): --mode ${own.join(",")}`,
    );
  }
  const takes = (runner: RunnerName | undefined, mode: Mode): boolean =>
    RUNNER_RULES[runner ?? "api"].modes.includes(mode);
  const others = compared.filter((runner) => runner !== "api");
  return crossed({ profiles, modes, runners: compared, ns, mitigations }).filter(
    ({ runner, mode }) =>
      takes(runner, mode) &&
      // Ours stands beside somebody's.
      (runner !== "api" || others.length === 0 || others.some((each) => takes(each, mode))),
  );
};

const routesArms = (
  { variants, ns, modes }: RunOptions,
  scenario: RoutesScenario,
  profiles: readonly string[],
): readonly ArmSpec[] => {
  const known = scenario.variants.map(({ name }) => name);
  const stranger = variants.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    usage(`--variant "${stranger}" is not one of ${known.join(", ")}`);
  }
  const chosen = known.filter((name) => variants.length === 0 || variants.includes(name));
  return crossed({ profiles, modes, runners: [], ns, mitigations: [] }).flatMap((arm) =>
    chosen.map((variant) => ({ ...arm, variant })),
  );
};

/**
 * What does not go through a published port is the same under every profile of a kind, and a process has no engine
 * at all: measured once.
 */
const datapathArms = (
  { modes, ns }: RunOptions,
  profiles: readonly Profile[],
): readonly ArmSpec[] => {
  const names = profiles.map(({ name }) => name);
  const arms = crossed({ profiles: names, modes, runners: [], ns, mitigations: [] });
  if (ns.some((n) => n !== 1)) {
    usage("--n: scenario datapath measures one way at a time, since two would measure each other");
  }
  const measured = new Set<string>();
  return arms.filter(({ mode, profile, n }) => {
    if (mode === "ports") return true;
    const rootful = profiles.find(({ name }) => name === profile)?.rootful ?? false;
    const key = `${mode} ${mode === "process" ? "" : String(rootful)} ${String(n)}`;
    if (measured.has(key)) return false;
    measured.add(key);
    return true;
  });
};

/**
 * @param profiles - null: one engine as it comes
 * @returns null where each mode at each number of jobs says it all
 * @throws StressError("usage") for what the scenario does not have
 */
export const armsAskedFor = (
  options: RunOptions,
  scenario: Scenario,
  profiles: readonly Profile[] | null,
): readonly ArmSpec[] | null => {
  if (options.arms !== null) return options.arms;
  refuseStrangers(options, scenario);
  refuseRootful(options, scenario, profiles ?? []);
  const names = (profiles ?? []).map(({ name }) => name);
  switch (scenario.kind) {
    case "stacks": {
      const plain = profiles === null && options.mitigations.length === 0;
      return plain && options.runners.length === 0 ? null : stackArms(options, names);
    }
    case "routes":
      return routesArms(options, scenario, names);
    case "datapath":
      return datapathArms(options, profiles ?? []);
    default:
      return unreachable(scenario);
  }
};
