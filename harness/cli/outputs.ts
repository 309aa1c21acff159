/**
 * What a run is written as besides its own directory: files that other programs read, and what GitHub shows.
 */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf, StressError } from "../core/errors.ts";
import type { Summary } from "../core/summary.ts";
import { isGithubStep, tellGithub, type GithubStep } from "./github-step.ts";
import type { Shell } from "./shell.ts";
import { writeWhole } from "./write-whole.ts";

export interface Outputs {
  /** Paths of files; null: not wanted. */
  readonly junit: string | null;
  readonly openmetrics: string | null;
  readonly benchmarkJson: string | null;
  /** Null: where the environment says that this is a step of GitHub Actions. */
  readonly github: boolean | null;
}

interface OutputFile {
  readonly flag: string;
  readonly path: string;
  /** Loaded when it is wanted: the libraries behind them are larger than all else that a report needs. */
  readonly render: (summary: Summary) => Promise<string>;
}

const filesOf = ({ junit, openmetrics, benchmarkJson }: Outputs): readonly OutputFile[] => [
  ...(junit === null
    ? []
    : [
        {
          flag: "--junit",
          path: junit,
          render: async (summary: Summary) =>
            (await import("../../reports/junit.ts")).junit(summary),
        },
      ]),
  ...(openmetrics === null
    ? []
    : [
        {
          flag: "--openmetrics",
          path: openmetrics,
          render: async (summary: Summary) =>
            await (await import("../../reports/openmetrics.ts")).openMetrics(summary),
        },
      ]),
  ...(benchmarkJson === null
    ? []
    : [
        {
          flag: "--benchmark-json",
          path: benchmarkJson,
          render: async (summary: Summary) =>
            (await import("../../reports/benchmark-json.ts")).benchmarkJson(summary),
        },
      ]),
];

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** A link is followed: what it points at is what shall be written. */
const targetOf = (path: string): string => (isThere(path) ? realpathSync(path) : resolve(path));

const check = ({ flag, path }: OutputFile): void => {
  // Renaming a file onto /dev/stdout, or onto somebody's pipe, would put the file in its place.
  if (isThere(path) && !statSync(path).isFile()) {
    throw new StressError("usage", `${flag} ${path} is there and is no file: name a file`);
  }
  const directory = dirname(targetOf(path));
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StressError(
      "usage",
      `${flag} ${path} cannot be written: ${messageOf(error)}; name a file in a directory that can be`,
      { cause: error },
    );
  }
};

/** Before anything is started. @throws StressError("usage") for a path that cannot be written */
export const checkOutputs = (outputs: Outputs): void => {
  const files = filesOf(outputs);
  for (const file of files) check(file);
  const targets = files.map(({ path }) => targetOf(path));
  const twice = files.find((_, position) => targets.indexOf(targets[position] ?? "") < position);
  if (twice !== undefined) {
    throw new StressError("usage", `${twice.flag} ${twice.path} is another output's file as well`);
  }
};

/**
 * All of them are tried: one that cannot be written costs none of the others.
 *
 * @throws StressError("output") for the first that could not be written; the others are said
 */
export const writeOutputs = async (
  summary: Summary,
  outputs: Outputs,
  shell: Pick<Shell, "environment" | "say">,
  stderr: GithubStep["stderr"] = process.stderr,
): Promise<void> => {
  const failures: Error[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      failures.push(error instanceof Error ? error : new Error(String(error)));
    });
  };
  for (const { path, render } of filesOf(outputs)) {
    await attempt(async () => {
      writeWhole(targetOf(path), await render(summary));
    });
  }
  if (outputs.github ?? isGithubStep(shell.environment)) {
    await attempt(() => tellGithub(summary, { environment: shell.environment, stderr }));
  }
  const [first, ...others] = failures;
  for (const other of others) shell.say(other.message);
  if (first !== undefined) throw first;
};
