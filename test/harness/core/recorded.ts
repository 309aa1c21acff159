/**
 * Journals of runs exactly as they are planned: every operation is done, unless it is told what it got instead.
 * Unlike those of `history.ts` they hold their request, and what was looked at.
 */
import type { Event, EngineFacts } from "../../../harness/core/events.ts";
import type { Sight } from "../../../harness/core/evidence.ts";
import type { Answer, Operation, OperationKind } from "../../../harness/core/model.ts";
import { plan } from "../../../harness/core/plan.ts";
import type { PlanRequest } from "../../../harness/core/plan-request.ts";
import { seconds, millis } from "../../../harness/core/units.ts";
import { stacks } from "../../../scenarios/stacks.ts";
import { journalOf, RUN_ID } from "./history.ts";

export const REQUEST: PlanRequest = {
  run: RUN_ID,
  seed: "seed-1",
  scenario: stacks,
  services: ["redis"],
  modes: ["ports-fixed"],
  ns: [2],
  waves: 1,
  ports: "minimal",
  images: {
    name: "hub",
    images: {
      mysql: {
        reference: "mysql:8.0",
        command: null,
        env: { MYSQL_ALLOW_EMPTY_PASSWORD: "1" },
      },
      redis: { reference: "redis:7", command: null, env: {} },
      clickhouse: { reference: "clickhouse/clickhouse-server:24", command: null, env: {} },
      job: { reference: "node:20", command: null, env: {} },
    },
  },
  deadlines: { call: seconds(60), ready: seconds(60), teardown: seconds(120) },
  teardownConcurrency: 4,
  keepFailed: false,
  owner: "1:2:boot:3",
};

/** What went wrong with one operation of a job, and what was seen when it was looked at. */
export interface Trouble {
  readonly job: string;
  readonly operation: OperationKind;
  readonly service?: string;
  readonly step?: string;
  /** `done` where it is what was measured that matters. */
  readonly answer: Answer;
  readonly sights?: readonly Sight[];
  /** Milliseconds from the failure to the look, and how long that took. */
  readonly lookAfter?: number;
  readonly lookTook?: number;
}

export interface Recording {
  readonly request?: Partial<PlanRequest>;
  readonly engine?: Partial<EngineFacts>;
  readonly troubles?: readonly Trouble[];
  /** The daemon's log of each wave. */
  readonly log?: readonly string[];
}

export const refusedBy = (
  message: string,
  by: Extract<Answer, { kind: "refused" }>["by"] = "daemon",
): Answer => ({ kind: "refused", by, ...(by === "daemon" ? { status: 500 } : {}), message });

const refOf = (wave: number, job: string, operation: Operation) => ({
  wave,
  job,
  operation: operation.kind,
  ...("service" in operation ? { service: operation.service } : {}),
  ...("step" in operation ? { step: operation.step } : {}),
});

/** Every operation takes this long; jobs start one after the other by a tenth of it. */
const STEP = 100;

/** @throws Error for trouble with an operation that is not in the plan */
export const recorded = ({ request, engine, troubles = [], log }: Recording): readonly Event[] => {
  const whole = { ...REQUEST, ...request };
  const { arms, waves } = plan(whole);
  const [started] = journalOf({ arms: [], waves: [], planned: waves.length, ended: null });
  if (started?.event !== "run.started") throw new Error("a journal begins with run.started");
  const events: Event[] = [
    {
      ...started,
      journal: 2,
      run: whole.run,
      arms,
      engine: { ...started.engine, ...engine },
      request: whole,
    },
  ];
  const unused = new Set(troubles);
  let from = 0;
  for (const { index, block, arm, jobs } of waves) {
    const gate = from + 10;
    const burst: Event[] = [];
    for (const [number, job] of jobs.entries()) {
      let at = gate + number * (STEP / 10);
      for (const phase of job.phases) {
        let failed = false;
        for (const operation of phase) {
          const ref = refOf(index, job.id, operation);
          const trouble = troubles.find(
            (each) =>
              each.job === job.id &&
              each.operation === ref.operation &&
              each.service === ref.service &&
              (each.step === undefined || each.step === ref.step),
          );
          burst.push(
            { event: "invoked", at: millis(at), ...ref },
            {
              event: "answered",
              at: millis(at + STEP),
              ...ref,
              writtenAt: millis(at + 0.5),
              answer: trouble?.answer ?? { kind: "done" },
            },
          );
          if (trouble === undefined) continue;
          failed ||= trouble.answer.kind !== "done";
          unused.delete(trouble);
          const failedAt = at + STEP;
          const beganAt = failedAt + (trouble.lookAfter ?? 2);
          for (const sight of trouble.sights ?? []) {
            burst.push({
              event: "looked",
              at: millis(beganAt + (trouble.lookTook ?? 8)),
              ...ref,
              failedAt: millis(failedAt),
              beganAt: millis(beganAt),
              sight,
            });
          }
        }
        if (failed) break;
        at += STEP;
      }
    }
    burst.sort((a, b) => a.at - b.at);
    const end = burst.reduce((last, event) => Math.max(last, event.at), gate);
    events.push(
      {
        event: "wave.started",
        at: millis(from),
        wave: index,
        block,
        arm,
        jobs: jobs.map(({ id }) => id),
      },
      { event: "gate.opened", at: millis(gate), wave: index },
      ...burst,
      { event: "burst.ended", at: millis(end), wave: index, processor: millis(40), cores: 2 },
    );
    if (log !== undefined) {
      events.push({
        event: "daemon.logged",
        at: millis(end + 5),
        wave: index,
        lines: log,
        dropped: 0,
      });
    }
    events.push({
      event: "wave.ended",
      at: millis(end + 10),
      wave: index,
      teardown: millis(5),
      leaked: { containers: [], networks: [], volumes: [] },
      leakedPorts: [],
      stuck: [],
    });
    from = end + 100;
  }
  if (unused.size > 0) throw new Error(`not in the plan: ${JSON.stringify([...unused])}`);
  events.push({ event: "run.ended", at: millis(from), reason: "completed" });
  return events;
};

/** A look at a port that found nothing, to be filled in. */
export const portSight = (
  port: number,
  seen: Partial<Extract<Sight, { about: "port" }>> = {},
): Sight => ({
  about: "port",
  port,
  hostIp: "0.0.0.0",
  host: [],
  engine: [],
  forwards: [],
  containers: [],
  rules: [],
  otherEngines: [],
  unprivilegedStart: 1024,
  ...seen,
});
