import { StressError } from "../core/errors.ts";
import { JOURNAL_VERSION, type EventOf } from "../core/events.ts";
import type { Interim } from "../core/expectations/interim.ts";
import type { Plan, WavePlan } from "../core/model.ts";
import type { PlanRequest } from "../core/plan-request.ts";
import type { Engines, ReadyEngine, Runtime } from "../core/ports.ts";
import { settingsWithoutSecrets } from "../core/without-secrets.ts";
import { isEngineAlive } from "./alive.ts";
import { runWave, TroubleFailed, type WaveEdges } from "./wave.ts";

/** Everything a run touches. */
export interface RunEdges extends Omit<WaveEdges, "runtime" | "trouble"> {
  readonly engines: Engines;
  /** Looks at what there is after a block; null: not after this one. Absent: the run goes on to its end. */
  readonly interim?: (block: number) => Interim | null;
}

/** What the journal's first event says besides the plan. */
export interface RunHeader {
  readonly tool: string;
  readonly command: readonly string[];
  /** What the plan was made from; null for one made by hand. */
  readonly request: PlanRequest | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** What is compared, with what is left out of it and why; null where the run has one engine and no profile. */
  readonly profiles: NonNullable<EventOf<"run.started">["profiles"]> | null;
  /** Of the one engine of a run without profiles; null where none was given. */
  readonly daemonJson?: Readonly<Record<string, unknown>> | null;
  /** What the verdict goes by; absent: by each failure. */
  readonly expected?: Pick<EventOf<"run.started">, "expectations" | "baseline">;
}

/** The addresses of proxies and the options of log drivers may hold passwords. */
const withoutSecretsIn = ({
  profile,
  skipped,
}: NonNullable<RunHeader["profiles"]>[number]): NonNullable<RunHeader["profiles"]>[number] => ({
  profile: { ...profile, daemonJson: settingsWithoutSecrets(profile.daemonJson) },
  skipped,
});

/**
 * Performs every wave of the plan and writes the journal. What failed in a job is in the journal and nowhere
 * else; the result only says how the run ended.
 */
export const performRun = async (
  plan: Plan,
  header: RunHeader,
  edges: RunEdges,
): Promise<EventOf<"run.ended">["reason"]> => {
  const { clock, journal, engines, signal } = edges;
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
  const alive = (runtime: Runtime): Promise<boolean> =>
    isEngineAlive({ clock, alive: runtime.alive, call: plan.deadlines.call });
  const known = new Set<ReadyEngine>();
  /** An engine is written down when it is met for the first time. */
  const meet = async (engine: ReadyEngine): Promise<void> => {
    if (known.has(engine)) return;
    known.add(engine);
    const { profile, facts, capacity } = engine;
    journal.append({ event: "engine.started", at: clock.now(), profile, engine: facts, capacity });
    // What the log holds so far is of the engine's start, not of a wave.
    await engine.runtime.witness.log();
  };

  const [first] = plan.waves;
  if (first === undefined) throw new RangeError("a plan has at least one wave");
  const { facts } = await engines.of(first, signal);
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
    waves: plan.waves.filter(({ block }) => block > 0).length,
    engine: facts,
    ...(header.profiles === null ? {} : { profiles: header.profiles.map(withoutSecretsIn) }),
    ...(header.daemonJson === null || header.daemonJson === undefined
      ? {}
      : { daemonJson: settingsWithoutSecrets(header.daemonJson) }),
    ...header.expected,
  });
  const last = new Map(plan.waves.map(({ block, index }) => [block, index]));
  /** After the last wave of a block: whether more waves can change anything. */
  const isDecided = ({ block, index }: WavePlan): boolean => {
    if (block === 0 || last.get(block) !== index) return false;
    const interim = edges.interim?.(block) ?? null;
    if (interim === null) return false;
    journal.append({ event: "interim.looked", at: clock.now(), ...interim });
    return interim.decided;
  };
  let kept: ReadonlySet<string> = new Set();
  for (const wave of plan.waves) {
    if (cancelled()) return end("interrupted");
    let runtime: Runtime | null = null;
    try {
      const engine = await engines.of(wave, signal);
      ({ runtime } = engine);
      await meet(engine);
      kept = await runWave(wave, plan, kept, { ...edges, runtime, trouble: engine.trouble });
    } catch (error) {
      // An engine that is being started ends with the signal's own reason.
      if (cancelled() && runtime === null) return end("interrupted");
      // Only the engine's silence and failed trouble are expected here; anything else is a bug and must show as one.
      const isTrouble = error instanceof TroubleFailed;
      if (!isTrouble && !(error instanceof StressError)) throw error;
      if (cancelled() && runtime !== null && (await alive(runtime))) return end("interrupted");
      if (isTrouble) return end("trouble-failed", error.message);
      return end("engine-lost", error.message);
    }
    if (!(await alive(runtime))) return end("engine-lost", "it does not answer /_ping");
    // What is kept holds ports and names that the next wave would be refused.
    if (kept.size > 0) break;
    if (!cancelled() && isDecided(wave)) break;
  }
  return end(cancelled() ? "interrupted" : "completed");
};
