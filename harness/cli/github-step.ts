/**
 * What a step of GitHub Actions shows of a run.
 */
import { appendFileSync, statSync } from "node:fs";
import { messageOf, StressError } from "../core/errors.ts";
import type { Summary } from "../core/summary.ts";
import type { Shell } from "./shell.ts";

type Environment = Shell["environment"];

export interface GithubStep {
  readonly environment: Environment;
  readonly stderr: { readonly write: (text: string) => unknown };
}

/** GitHub refuses a step's summary of more than 1 MiB. */
const STEP_SUMMARY_BYTES = 1024 * 1024 - 1024;

export const isGithubStep = (environment: Environment): boolean =>
  environment["GITHUB_ACTIONS"] === "true";

const appendStepSummary = (path: string, render: (room: number) => string): void => {
  try {
    const taken = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    appendFileSync(path, render(STEP_SUMMARY_BYTES - taken));
  } catch (error) {
    throw new StressError(
      "output",
      `cannot write $GITHUB_STEP_SUMMARY ${path}: ${messageOf(error)}`,
      { cause: error },
    );
  }
};

/**
 * Annotations to stderr, since stdout is for data: the runner takes commands from both. They are no narration, and
 * no level or format of that applies to them.
 *
 * @see actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs: one OutputManager a stream
 * @throws StressError("output")
 */
export const tellGithub = async (
  summary: Summary,
  { environment, stderr }: GithubStep,
): Promise<void> => {
  const { annotations, stepSummary } = await import("../../reports/github.ts");
  stderr.write(`${annotations(summary).join("\n")}\n`);
  const path = environment["GITHUB_STEP_SUMMARY"];
  if (path === undefined || path === "") return;
  appendStepSummary(path, (room) => stepSummary(summary, room));
};
