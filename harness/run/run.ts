import { StressError } from "../core/errors.ts";
import type { EngineFacts } from "../core/events.ts";
import { JOURNAL_VERSION, type EventOf } from "../core/events.ts";
import type { Plan } from "../core/model.ts";
import type { PlanRequest } from "../core/plan-request.ts";
import { seconds } from "../core/units.ts";
import { withDeadline } from "./deadline.ts";
import { runWave, TroubleFailed, type RunEdges } from "./wave.ts";

/** What the journal's first event says besides the plan. */
export interface RunHeader {
  readonly tool: string;
  readonly command: readonly string[];
  /** What the plan was made from; null for one made by hand. */
  readonly request: PlanRequest | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly engine: EngineFacts;
}

/** How long the daemon may take to say that it is still there. */
const ALIVE_DEADLINE = seconds(10);

/**
 * Performs every wave of the plan and writes the journal. What failed in a job is in the journal and nowhere
 * else; the result only says how the run ended.
 */
export const performRun = async (
  plan: Plan,
  header: RunHeader,
  edges: RunEdges,
): Promise<EventOf<"run.ended">["reason"]> => {
  const { clock, journal, runtime, signal } = edges;
  const cancelled = (): boolean => signal.aborted;
  const end = (reason: EventOf<"run.ended">["reason"], message?: string): typeof reason => {
    journal.append({
      event: "run.ended",
      at: clock.now(),
      reason,
      ...(message === undefined ? {} : { message }),
    });
    return reason;
  };
  const alive = (): Promise<boolean> =>
    withDeadline(
      { clock, duration: ALIVE_DEADLINE, outer: new AbortController().signal },
      (bounded) => runtime.alive(bounded),
    );

  journal.append({
    event: "run.started",
    at: clock.now(),
    journal: JOURNAL_VERSION,
    tool: header.tool,
    run: plan.run,
    seed: plan.seed,
    startedAt: header.startedAt,
    command: header.command,
    ...(header.request === null ? {} : { request: header.request }),
    arms: plan.arms,
    waves: plan.waves.length,
    engine: header.engine,
  });
  // What the log holds so far is of the engine's start, not of the first wave.
  await runtime.witness.log();
  let kept: ReadonlySet<string> = new Set();
  for (const wave of plan.waves) {
    if (cancelled()) return end("interrupted");
    try {
      kept = await runWave(wave, plan, kept, edges);
    } catch (error) {
      // Only the engine's silence and failed trouble are expected here; anything else is a bug and must show as one.
      const isTrouble = error instanceof TroubleFailed;
      if (!isTrouble && !(error instanceof StressError)) throw error;
      if (cancelled() && (await alive())) return end("interrupted");
      if (isTrouble) return end("trouble-failed", error.message);
      return end("engine-lost", error.message);
    }
    if (!(await alive())) return end("engine-lost", "it does not answer /_ping");
    // What is kept holds ports and names that the next wave would be refused.
    if (kept.size > 0) break;
  }
  return end(cancelled() ? "interrupted" : "completed");
};
