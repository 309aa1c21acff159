/** Runs of runners on an engine that only takes its time. */
import type { Event } from "../../../../harness/core/events.ts";
import { history, type RunHistory } from "../../../../harness/core/history.ts";
import type { Answer, Operation } from "../../../../harness/core/model.ts";
import { commandOf } from "../../../../harness/core/operations.ts";
import type { ArmSpec, PlanRequest } from "../../../../harness/core/plan-request.ts";
import { plan } from "../../../../harness/core/plan.ts";
import { millis } from "../../../../harness/core/units.ts";
import { performRun } from "../../../../harness/run/run.ts";
import { oneEngine } from "../../run/one-engine.ts";
import { FACTS, simulatedRuntime } from "../../run/simulated-runtime.ts";
import { VirtualClock } from "../../run/virtual-clock.ts";
import { THREE } from "./jobs.ts";

/** Milliseconds: a call, a process, and what takes longer by its nature. */
const CALL = 10;
const PROCESS = 50;
const READY = 2400;
const HEALTH = 14_000;
const UP = 6000;

/** Processor time that one operation costs this machine. */
const CALL_COST = 2;
const PROCESS_COST = 25;

export interface Timed {
  readonly answer: Answer;
  readonly after: number;
}

const DONE: Answer = { kind: "done" };

/** A runner's own wait is over long after the services are ready; by its polls, where it polls. */
export const usual = (operation: Operation): Timed => {
  switch (operation.kind) {
    case "ready":
      return { answer: { kind: "done", attempts: 8 }, after: READY };
    case "health":
      return {
        answer: {
          kind: "done",
          measured: {
            kind: "perceived",
            services: operation.services.map(({ service }, index) => ({
              service,
              after: HEALTH,
              polls: index === 0 ? 4 : 1,
            })),
          },
        },
        after: HEALTH,
      };
    case "stack.up":
      return { answer: DONE, after: UP };
    case "container.wait":
      return { answer: DONE, after: READY };
    default:
      return { answer: DONE, after: commandOf(operation) === null ? CALL : PROCESS };
  }
};

export interface RunnersRun {
  readonly arms: readonly ArmSpec[];
  readonly request?: Partial<PlanRequest>;
  readonly answer?: (operation: Operation) => Timed;
}

export const eventsOf = async ({
  arms,
  request,
  answer = usual,
}: RunnersRun): Promise<readonly Event[]> => {
  const clock = new VirtualClock();
  const whole: PlanRequest = { ...THREE, arms, ...request };
  const events: Event[] = [];
  let used = 0;
  const { runtime } = simulatedRuntime({
    clock,
    answer: (operation) => {
      used += commandOf(operation) === null ? CALL_COST : PROCESS_COST;
      return answer(operation);
    },
  });
  await clock.drive(
    performRun(
      plan(whole),
      {
        tool: "0",
        command: ["run"],
        startedAt: "2026-01-01T00:00:00.000Z",
        request: whole,
        profiles: null,
      },
      {
        clock,
        engines: oneEngine(runtime, FACTS),
        journal: { append: (event) => void events.push(event) },
        processor: { used: () => millis(used), cores: 2 },
        signal: new AbortController().signal,
      },
    ),
  );
  return events;
};

export const runOf = async (run: RunnersRun): Promise<RunHistory> => history(await eventsOf(run));
