import {
  engineEnvironment,
  listEngines,
  startManagedEngine,
  stopEngine,
  sweepDeadEngines,
} from "../../../docker/managed/engine.ts";
import { resolveEngineDirectory } from "../../../docker/managed/engine-directory.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import type { EngineChoice } from "../engine-choice.ts";
import type { Shell } from "../shell.ts";
import { readDaemonJson } from "../daemon-json.ts";

export interface EngineOptions {
  readonly action: "up" | "down" | "list" | "env";
  readonly engine: EngineChoice;
  readonly daemonJson: string | null;
  readonly target: string | null;
}

type EngineCommand = EngineOptions;

/** The name given, or that of the only engine there is. */
const chosenName = ({ target }: EngineCommand, { stateDir }: Shell): string => {
  if (target !== null) return target;
  const names = listEngines(stateDir).map(({ name }) => name);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new StressError("usage", `name the engine; there are: ${names.join(", ") || "none"}`);
};

const engineOf = (name: string, { stateDir }: Shell) => {
  const engine = listEngines(stateDir).find((each) => each.name === name);
  if (engine !== undefined) return engine;
  throw new StressError("usage", `there is no managed engine "${name}"; see stress engine list`);
};

const printEnvironment = (environment: Readonly<Record<string, string>>, shell: Shell): void => {
  for (const [name, value] of Object.entries(environment)) {
    shell.print(`export ${name}=${value}\n`);
  }
};

/** `stress engine up|down|list|env`: an engine that outlives one run. */
export const engineCommand = async (command: EngineCommand, shell: Shell): Promise<number> => {
  const { stateDir, say, signal } = shell;
  await sweepDeadEngines(stateDir, say);
  switch (command.action) {
    case "up": {
      const directory = await resolveEngineDirectory({
        path: command.engine.kind === "directory" ? command.engine.path : null,
        stateDir,
        narrate: say,
        signal,
      });
      const engine = await startManagedEngine({
        directory,
        daemonJson: readDaemonJson(command.daemonJson),
        stateDir,
        narrate: say,
        signal,
        owned: false,
      });
      say(`${engine.name} is up; stop it with: stress engine down ${engine.name}`);
      printEnvironment(engineEnvironment(engine), shell);
      return EXIT.holds;
    }
    case "down":
      await stopEngine(stateDir, chosenName(command, shell), say);
      return EXIT.holds;
    case "env":
      printEnvironment(engineEnvironment(engineOf(chosenName(command, shell), shell)), shell);
      return EXIT.holds;
    case "list":
      for (const { name, version, socketPath, portRange } of listEngines(stateDir)) {
        const ports = portRange.join("–");
        shell.print(`${name}  ${version ?? "starting"}  unix://${socketPath}  ports ${ports}\n`);
      }
      return EXIT.holds;
  }
};
