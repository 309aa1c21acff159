/**
 * A stack's life as one runner lives it, call for call.
 */
import type { JobSteps } from "../job-context.ts";
import { stackJob, type StackJob } from "../stack-job.ts";
import { actJob } from "./act.ts";
import { cliJob } from "./cli.ts";
import { composeJob } from "./compose.ts";
import { githubJob } from "./github.ts";
import { gitlabJob } from "./gitlab.ts";
import type { RunnerName } from "./runner-names.ts";
import { refuseUnfit } from "./runner-rules.ts";
import { testcontainersJob } from "./testcontainers.ts";

const JOB_OF: Readonly<Record<RunnerName, (job: StackJob) => JobSteps>> = {
  api: stackJob,
  cli: cliJob,
  github: githubJob,
  "github-container": githubJob,
  gitlab: gitlabJob,
  act: actJob,
  compose: composeJob,
  testcontainers: testcontainersJob,
};

/** @throws StressError("usage") for a mode or a mitigation that the runner cannot have */
export const runnerJob = (job: StackJob): JobSteps => {
  refuseUnfit(job.arm);
  return JOB_OF[job.arm.runner ?? "api"](job);
};
