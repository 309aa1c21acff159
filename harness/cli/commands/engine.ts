import {
  addedEngines,
  removeAddedEngine,
  type AddedEngine,
} from "../../../docker/managed/added-engines.ts";
import { ensureArchiveEngine } from "../../../docker/managed/archive-engine.ts";
import { ensureDebianEngine } from "../../../docker/managed/debian-engine.ts";
import { archivesOfVersion } from "../../../docker/managed/docker-archives.ts";
import {
  engineEnvironment,
  listEngines,
  startManagedEngine,
  stopEngine,
  sweepDeadEngines,
} from "../../../docker/managed/engine.ts";
import { withCompanion } from "../../../docker/managed/engine-source.ts";
import { archiveName, parseEngineSource } from "../../core/engine-source.ts";
import { EXIT, StressError, unreachable } from "../../core/errors.ts";
import { formatBytes } from "../../core/units.ts";
import type { EngineChoice } from "../engine-choice.ts";
import { programsAtHand } from "../engine-programs.ts";
import { narrated } from "../heartbeat.ts";
import type { Shell } from "../shell.ts";
import { readDaemonJson } from "../daemon-json.ts";

/** What an engine directory is made from, and what vouches for it. */
export interface AddOptions {
  /** One source, or several archives. */
  readonly sources: readonly string[];
  /** Where the archives of a version are; null for Docker's own place. */
  readonly from: string | null;
  readonly sha256: readonly string[];
  readonly unverified: boolean;
}

export type EngineOptions =
  | { readonly action: "up"; readonly engine: EngineChoice; readonly daemonJson: string | null }
  /** Null: the only one there is. */
  | { readonly action: "down" | "env"; readonly target: string | null }
  | { readonly action: "list" }
  | ({ readonly action: "add" } & AddOptions)
  | { readonly action: "remove"; readonly target: string };

/** The name given, or that of the only engine there is. */
const chosenName = (target: string | null, { stateDir }: Shell): string => {
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

const archivesAsked = ({ sources, from }: AddOptions): readonly string[] => {
  const [only = ""] = sources;
  const [source, ...others] = sources.map(parseEngineSource);
  if (source?.kind === "version" && others.length === 0) {
    return archivesOfVersion(source.version, { from, arch: process.arch });
  }
  if (from !== null) {
    throw new StressError("usage", "--from says where the archives of one version are; name that");
  }
  const names = sources.map((text) => archiveName(text).from);
  if (others.length > 0 || source?.kind !== "archive") return names;
  return withCompanion(archiveName(only).from);
};

/** The path of the directory that was made, or was there already. */
const addEngine = async (options: AddOptions, shell: Shell): Promise<string> => {
  const { stateDir, say, signal } = shell;
  const { sources, sha256, unverified } = options;
  const kinds = new Set(sources.map((text) => parseEngineSource(text).kind));
  const [text = ""] = sources;
  const source = parseEngineSource(text);
  if (sources.length > 1 && (kinds.size > 1 || source.kind !== "archive")) {
    throw new StressError("usage", "add takes one engine at a time: one source, or its archives");
  }
  if (source.kind === "at-hand" || source.kind === "installed" || source.kind === "directory") {
    throw new StressError(
      "usage",
      `"${text}" needs no adding: use it as it is, with --engine; add takes debian:SUITE, a version or archives`,
    );
  }
  if (source.kind === "debian") {
    if (options.from !== null || sha256.length > 0 || unverified) {
      throw new StressError(
        "usage",
        "apt verifies Debian's packages; --from, --sha256 and --unverified are for archives",
      );
    }
    return await ensureDebianEngine({ stateDir, suite: source.suite, narrate: say, signal });
  }
  return await ensureArchiveEngine({
    archives: archivesAsked(options),
    sha256: [...sha256, ...sources.flatMap((each) => archiveName(each).sha256)],
    unverified,
    stateDir,
    narrate: say,
    signal,
  });
};

const checksumsOf = ({ archives }: AddedEngine): string => {
  if (archives.length === 0) return "";
  return archives.every(({ verified }) => verified) ? "  verified" : "  not verified";
};

const printAdded = (engine: AddedEngine, { print }: Shell): void => {
  const version = engine.version ?? "unusable";
  const size = formatBytes(engine.bytes);
  print(`${version}  ${engine.origin}  ${engine.path}  ${size}${checksumsOf(engine)}\n`);
};

/** `stress engine …`: engines that outlive one run, and the directories of programs they are made of. */
export const engineCommand = async (command: EngineOptions, shell: Shell): Promise<number> => {
  const { stateDir, say, signal } = shell;
  await sweepDeadEngines(shell);
  switch (command.action) {
    case "up": {
      const engine = await startManagedEngine({
        directory: await programsAtHand(command.engine, shell),
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
      await narrated(say, "stopping the engine", () =>
        stopEngine(stateDir, chosenName(command.target, shell), say),
      );
      return EXIT.holds;
    case "env": {
      const { target } = command;
      printEnvironment(engineEnvironment(engineOf(chosenName(target, shell), shell)), shell);
      return EXIT.holds;
    }
    case "list":
      for (const { name, version, socketPath, portRange } of listEngines(stateDir)) {
        const ports = portRange.join("–");
        shell.print(`${name}  ${version ?? "starting"}  unix://${socketPath}  ports ${ports}\n`);
      }
      for (const engine of await addedEngines(stateDir, signal)) printAdded(engine, shell);
      return EXIT.holds;
    case "add": {
      const path = await addEngine(command, shell);
      for (const engine of await addedEngines(stateDir, signal)) {
        if (engine.path === path) printAdded(engine, shell);
      }
      return EXIT.holds;
    }
    case "remove": {
      const { version, path } = await removeAddedEngine(command.target, { stateDir, signal });
      say(`Removed engine ${version ?? "(unusable)"}: ${path}`);
      return EXIT.holds;
    }
    default:
      return unreachable(command);
  }
};
