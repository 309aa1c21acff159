/**
 * What runners do as processes, and the waits that they do by calls: operations become answers.
 */
import { fileURLToPath } from "node:url";
import { unreachable } from "../../harness/core/errors.ts";
import type { Answer, CliCommand, Operation } from "../../harness/core/model.ts";
import { commandOf } from "../../harness/core/operations.ts";
import type { Clock, Performed } from "../../harness/core/ports.ts";
import type { Performer } from "../client/runtime.ts";
import { commandAnswer, type Expected } from "./command-answer.ts";
import { healthAnswer, pollHealth, type Failure } from "./health.ts";
import { HEALTH_FORMAT, healthIn, type Health } from "./published.ts";
import { runDocker, type FinishedCommand } from "./run-docker.ts";

export interface ProcessOptions {
  /** Path of the docker client; null where no operation of the run needs one. */
  readonly docker: string | null;
  /** The whole environment of every process. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the daemon's API says of a container's health. Never rejects. */
  readonly healthByApi: (container: string, signal: AbortSignal) => Promise<Health | Failure>;
  readonly clock: Clock;
}

/** Beside this module, compiled or not. */
const TESTCONTAINERS = fileURLToPath(
  new URL(
    `../peers/testcontainers-main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
    import.meta.url,
  ),
);

/** What is to be found in the output of the process that stands for an operation. */
const expectedOf = ({ kind }: Operation): Expected => {
  switch (kind) {
    case "network.create":
    case "container.create":
      return { kind: "id" };
    case "container.inspect":
      return { kind: "bindings" };
    case "container.remove":
    case "network.remove":
    case "stack.down":
      return { kind: "removal" };
    default:
      return { kind: "nothing" };
  }
};

/** Of the peer's exit codes: it understood nothing, or has no library. */
const PEER_FAULTS: ReadonlySet<number | null> = new Set([64, 69]);

const isOwnFault = ({ program }: CliCommand, { code }: FinishedCommand): boolean =>
  program === "testcontainers" && PEER_FAULTS.has(code);

const blamed = (answer: Answer): Answer =>
  answer.kind === "refused" ? { ...answer, by: "harness" } : answer;

/** @throws Error where the run was not given the program that its plan names: a mistake of ours */
const programOf = (
  { program, args }: CliCommand,
  { docker }: ProcessOptions,
): { readonly program: string; readonly args: readonly string[] } => {
  switch (program) {
    case "docker":
      if (docker === null) throw new Error("no docker client was looked for");
      return { program: docker, args };
    case "testcontainers":
      return { program: process.execPath, args: [TESTCONTAINERS, ...args] };
    default:
      return unreachable(program);
  }
};

/** The answer is the process's; it was written when the process was there, which is before its request leaves it. */
export const processPerformer = (options: ProcessOptions): Performer<Operation> => {
  const { environment, healthByApi, clock } = options;

  const run = (command: CliCommand, signal: AbortSignal): Promise<FinishedCommand> => {
    const { stdin } = command;
    return runDocker(
      {
        ...programOf(command, options),
        env: environment,
        ...(stdin === undefined ? {} : { stdin }),
      },
      { clock, signal },
    );
  };

  const healthByCli = async (container: string, signal: AbortSignal): Promise<Health | Failure> => {
    const args = ["inspect", `--format=${HEALTH_FORMAT}`, container];
    const finished = await run({ program: "docker", args }, signal);
    const answer = commandAnswer(finished, { expected: { kind: "nothing" }, signal });
    if (answer.kind !== "done") return answer;
    return (
      healthIn(finished.stdout) ?? {
        kind: "refused",
        by: "harness",
        message: `the health that docker printed cannot be understood: ${finished.stdout.trim()}`,
      }
    );
  };

  const polled = async (
    { services, polling, byCli, seed }: Extract<Operation, { readonly kind: "health" }>,
    signal: AbortSignal,
  ): Promise<Answer> =>
    healthAnswer(
      await pollHealth({
        ...{ services, polling, seed, clock, signal },
        ask: byCli ? healthByCli : healthByApi,
      }),
    );

  return async (operation, _, signal): Promise<Performed> => {
    if (operation.kind === "health") {
      return { answer: await polled(operation, signal), writtenAt: null };
    }
    const command = commandOf(operation);
    if (command === null) throw new Error(`${operation.kind} is no process's`);
    const finished = await run(command, signal);
    const answer = commandAnswer(finished, { expected: expectedOf(operation), signal });
    return {
      answer: isOwnFault(command, finished) ? blamed(answer) : answer,
      writtenAt: finished.broken?.kind === "not-started" ? null : finished.startedAt,
    };
  };
};
