/**
 * What each runner is, which ways into a stack it knows, and what has to be there for it.
 */
import { StressError } from "../errors.ts";
import { formatMitigation } from "../mitigations.ts";
import type { Arm, Mode } from "../model.ts";
import type { RunnerName } from "./runner-names.ts";

export interface RunnerRule {
  /** One line for `--help` and reports. */
  readonly title: string;
  /** What its jobs may be reached by. */
  readonly modes: readonly Mode[];
  /** The programs that it starts; `compose` needs the docker CLI too. */
  readonly needs: "nothing" | "docker" | "compose" | "testcontainers";
  /** It removes containers without their anonymous volumes: what is left then is its doing, and no leak of the engine's. */
  readonly leavesVolumes?: true;
  /** One process makes a whole stack: nobody outside can hold back or repeat one of its calls. */
  readonly inOneProcess: boolean;
}

const PUBLISHED = ["ports", "ports-fixed", "ports-block", "ports-loopback"] as const;
const ALL = [...PUBLISHED, "noports"] as const;

export const RUNNER_RULES: Readonly<Record<RunnerName, RunnerRule>> = {
  api: {
    title: "calls of the Engine API, in the order of a CI runner, as the harness makes them",
    modes: ALL,
    needs: "nothing",
    inOneProcess: false,
  },
  cli: {
    title: "a shell script with the docker CLI, which does not wait for its services",
    modes: ALL,
    needs: "docker",
    inOneProcess: false,
  },
  github: {
    title: "actions/runner with services: and ports:, at least 23 docker CLI processes a job",
    modes: PUBLISHED,
    needs: "docker",
    leavesVolumes: true,
    inOneProcess: false,
  },
  "github-container": {
    title: "actions/runner with services: and container:, nothing published",
    modes: ["noports"],
    needs: "docker",
    leavesVolumes: true,
    inOneProcess: false,
  },
  gitlab: {
    title:
      "the GitLab runner with a network for each build and a waiting container for each service",
    modes: ["noports"],
    needs: "nothing",
    inOneProcess: false,
  },
  act: {
    title:
      "nektos/act: services at the same time, a job container, health asked at 0, 1, 3, 7, 15 s",
    modes: ALL,
    needs: "nothing",
    inOneProcess: false,
  },
  compose: {
    title: "docker compose up --wait, and down --volumes",
    modes: ALL,
    needs: "compose",
    inOneProcess: true,
  },
  testcontainers: {
    title: "the library testcontainers for Node, one process a job",
    modes: ["ports"],
    needs: "testcontainers",
    inOneProcess: true,
  },
};

/** @throws StressError("usage") for an arm that its runner cannot have */
export const refuseUnfit = ({
  runner,
  mode,
  mitigation,
}: Pick<Arm, "runner" | "mode" | "mitigation">): void => {
  if (runner === undefined) return;
  const { modes, inOneProcess } = RUNNER_RULES[runner];
  if (!modes.includes(mode)) {
    throw new StressError(
      "usage",
      `--runner ${runner}: it has no --mode ${mode}; it has ${modes.join(", ")}`,
    );
  }
  if (inOneProcess && mitigation !== undefined) {
    throw new StressError(
      "usage",
      `--runner ${runner}: one process makes the whole stack, so --mitigation ${formatMitigation(mitigation)} ` +
        "would change nothing; leave it out",
    );
  }
};
