/**
 * What the runners of a run need on this machine, and the performer of what they do.
 */
import { dockerEnvironment } from "../../docker/command/environment.ts";
import { healthByApi } from "../../docker/command/health-by-api.ts";
import { processPerformer } from "../../docker/command/perform.ts";
import type { RuntimeOptions } from "../../docker/client/runtime.ts";
import { cliConfig, ensureCompose, ensureDockerCli } from "../../docker/managed/cli-programs.ts";
import { StressError } from "../core/errors.ts";
import type { Arm } from "../core/model.ts";
import type { Clock } from "../core/ports.ts";
import { RUNNER_RULES } from "../core/runners/runner-rules.ts";
import type { EngineSession } from "./engine-session.ts";
import type { Shell } from "./shell.ts";

/** The library would start a container of its own, from a registry, to watch over its process. */
const NO_REAPER = {
  TESTCONTAINERS_RYUK_DISABLED: "true",
  TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1",
};

/** An optional dependency: npm goes on without it where it cannot be had. */
const requireTestcontainers = (): void => {
  try {
    import.meta.resolve("testcontainers");
  } catch (cause) {
    throw new StressError(
      "environment",
      "--runner testcontainers: the library is not installed; run npm install testcontainers@11",
      { cause },
    );
  }
};

/**
 * Looks for the programs, and gets those that are missing.
 *
 * @returns nothing where no arm has a runner but ours
 * @throws StressError("environment") for a program that cannot be had
 */
export const processesFor = async (
  arms: readonly Arm[],
  session: EngineSession,
  { clock, shell }: { readonly clock: Clock; readonly shell: Shell },
): Promise<Pick<RuntimeOptions, "processes">> => {
  const runners = new Set(arms.flatMap(({ runner }) => runner ?? []));
  runners.delete("api");
  if (runners.size === 0) return {};
  const needs = new Set([...runners].map((runner) => RUNNER_RULES[runner].needs));
  const { stateDir, say, signal, environment } = shell;
  const options = { stateDir, narrate: say, signal };
  const client =
    needs.has("docker") || needs.has("compose")
      ? await ensureDockerCli({ ...options, enginePrograms: session.programs })
      : null;
  if (needs.has("testcontainers")) requireTestcontainers();
  const compose = needs.has("compose") ? await ensureCompose(options) : null;
  if (client !== null) say(`docker client ${client.version}: ${client.path}`);
  if (compose !== null) say(`docker compose ${compose.version}: ${compose.path}`);
  const config = await cliConfig(stateDir, compose?.path ?? null);
  const { docker, address } = session;
  return {
    processes: processPerformer({
      docker: client?.path ?? null,
      environment: { ...dockerEnvironment(environment, { address, config }), ...NO_REAPER },
      healthByApi: healthByApi(docker),
      clock,
    }),
  };
};
